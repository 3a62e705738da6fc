"use strict";
for (const box of document.querySelectorAll(".table.tools")) {
  const table = box.querySelector("table"), body = table.tBodies[0], rows = [...body.rows];
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = box.dataset.sort;
    const noted = head.querySelector(".noted");
    button.append(noted ?? head.firstChild);
    head.prepend(button);
    if (noted) { // the button takes the focus, and the note with it
      button.setAttribute("aria-describedby", noted.getAttribute("aria-describedby"));
      noted.removeAttribute("tabindex");
      noted.removeAttribute("aria-describedby");
    }
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending", way = down ? -1 : 1;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.cells[at];
        return cell.dataset.v ?? (cell.textContent.trim() === "—" ? null : cell.textContent.trim());
      };
      const byNumber = rows.some((row) => row.cells[at].dataset.v && !isNaN(row.cells[at].dataset.v));
      body.append(...[...rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === null || y === null) return (x === null) - (y === null); // what is missing stays last, both ways
        return way * (byNumber ? x - y : compare(x, y));
      }));
    });
  });
  const input = box.querySelector("input");
  if (!input) continue;
  const none = document.createElement("p");
  none.className = "none";
  none.setAttribute("role", "status");
  table.after(none);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase().split(/\s+/);
    let found = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      found += !row.hidden;
    }
    none.textContent = found ? "" : box.dataset.none;
  });
}
const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
const seen = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
  const now = [...links.keys()].find((id) => seen.has(id));
  for (const [id, link] of links) id === now ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
}, { rootMargin: "-10% 0px -70% 0px" });
for (const id of links.keys()) watcher.observe(document.getElementById(id));
if (matchMedia("(max-width:56rem)").matches) document.querySelector(".contents details").open = false;
addEventListener("keydown", (event) => document.body.classList.toggle("quiet", event.key === "Escape"));
