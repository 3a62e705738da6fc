"use strict";
const SHORT = 10; // rows of a long table that are shown at first
const narrow = matchMedia("(max-width:56rem)");
const make = (tag, own) => Object.assign(document.createElement(tag), own);

function sortable(box, table, rows) {
  const heads = [...table.tHead.rows[0].cells];
  const compare = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  heads.forEach((head, at) => {
    const button = make("button", { type: "button", title: box.dataset.sort });
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
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.cells[at];
        return cell.dataset.v ?? (cell.textContent.trim() === "—" ? null : cell.textContent.trim());
      };
      const byNumber = rows.some((row) => row.cells[at].dataset.v && !isNaN(row.cells[at].dataset.v));
      table.tBodies[0].append(...[...rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === null || y === null) return (x === null) - (y === null); // what is missing stays last, both ways
        return way * (byNumber ? x - y : compare(x, y));
      }));
    });
  });
}

function filterable(box, rows, input) {
  const status = make("p", { className: "none" });
  status.setAttribute("role", "status");
  box.querySelector(".scroll").after(status);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase().split(/\s+/);
    let found = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      found += !row.hidden;
    }
    box.classList.toggle("filtered", input.value.trim() !== "");
    status.textContent = !input.value.trim() ? "" : found ? box.dataset.found.replace("#", found) : box.dataset.none;
  });
}

function shortened(box, rows) {
  box.classList.add("short");
  const more = make("button", { type: "button", className: "more", textContent: box.dataset.all.replace("#", rows.length) });
  more.addEventListener("click", () => lengthen(box));
  box.querySelector(".scroll").after(more);
}

function lengthen(box) {
  box.classList.remove("short");
  box.querySelector(".more")?.remove();
}

for (const box of document.querySelectorAll(".table.tools")) {
  const table = box.querySelector("table"), rows = [...table.tBodies[0].rows], input = box.querySelector("input");
  sortable(box, table, rows);
  if (input) filterable(box, rows, input);
  if (rows.length > SHORT + 2) shortened(box, rows);
}

// a link may lead into what is folded or cut short
function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const box = target.closest(".short");
  if (box) lengthen(box);
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (box) target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

// the contents follow the reading; on a small screen they are one line on top
const contents = document.querySelector(".contents"), fold = contents.querySelector("details");
const links = new Map([...contents.querySelectorAll("a")].map((a) => [a.hash.slice(1), a]));
const seen = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
  const now = [...links.keys()].find((id) => seen.has(id));
  if (!now) return;
  for (const [id, link] of links) id === now ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  contents.querySelector(".here").textContent = links.get(now).textContent;
  if (!narrow.matches) links.get(now).scrollIntoView({ block: "nearest" });
}, { rootMargin: "-10% 0px -70% 0px" });
for (const id of links.keys()) watcher.observe(document.getElementById(id));
const settle = () => { fold.open = !narrow.matches; };
narrow.addEventListener("change", settle);
settle();
contents.addEventListener("click", (event) => { if (narrow.matches && event.target.closest("a")) fold.open = false; });

// a definition shows on hover and focus, on a tap where there is neither, and goes with Escape
document.addEventListener("click", (event) => {
  const tip = event.target.closest(".tip");
  for (const open of document.querySelectorAll(".bubble.open")) if (open !== tip?.nextElementSibling) open.classList.remove("open");
  tip?.nextElementSibling.classList.toggle("open");
});
addEventListener("keydown", (event) => {
  document.body.classList.toggle("quiet", event.key === "Escape");
  if (event.key === "Escape") for (const open of document.querySelectorAll(".bubble.open")) open.classList.remove("open");
});
