"""Doubtful pairs one at a time, side by side, decided by a button or a key; each decision is written at once."""

import getpass
from collections.abc import Callable
from datetime import datetime
from html import escape

import ipywidgets as widgets

from crmlib.book.build import build_book
from crmlib.book.decisions import Decision, add_decisions, read_decisions
from crmlib.book.ledger import undo_line
from crmlib.book.lock import run_lock
from crmlib.book.review_sheet import SIDES, pairs_to_review
from crmlib.book.shelf import open_book
from crmlib.home import Home
from crmlib.inputs import book_origin
from crmlib.intake.matching import explain_why
from crmlib.keys import load_key
from crmlib.labels import Say
from crmlib.settings import load_settings

KEYS = {"1": "same", "2": "different", "3": "unsure", "0": "back"}
_STYLE = """<style>.crm-pair td,.crm-pair th{padding:4px 12px;text-align:left;vertical-align:top}
.crm-pair .differs{color:#b3261e;font-weight:600}.crm-pair .same{color:#1b6e3c}</style>"""


class ReviewDesk(widgets.VBox):
    """`ReviewDesk(home, say=say)` shows the first pair. `decided` counts what was written since it was opened."""

    def __init__(self, home: Home, *, say: Say, who: str = "", clock: Callable[[], datetime] = datetime.now) -> None:
        self._home, self._say, self._who, self._clock = home, say, who or getpass.getuser(), clock
        pairs, told = pairs_to_review(open_book(home)), read_decisions(home)
        done = set(zip(told["row_a"], told["row_b"], strict=True))
        self._pairs = [p for p in pairs.to_dict("records") if tuple(sorted((p["row_a"], p["row_b"]))) not in done]
        self._place, self._lines = 0, {}  # place → the ledger's line on that pair
        self._shown, self._told = widgets.HTML(), widgets.HTML()
        self._remark = widgets.Text(placeholder=say("todo.remark"), layout={"width": "60%"})
        # a key is a letter in a box of its own: it works wherever widgets do, and nowhere else on the page
        self._key = widgets.Text(placeholder=say("desk.keys"), layout={"width": "60%"})
        self._key.add_class("crm-review-key")
        self._key.observe(self._pressed, names="value")
        buttons = [self._button(f"{key} {say(f'todo.{act}')}", act) for key, act in KEYS.items() if act != "back"]
        buttons += [self._button(f"0 {say('desk.back')}", "back"), self._button(say("desk.rebuild"), "rebuild")]
        super().__init__([self._shown, widgets.HBox(buttons), self._remark, self._key, self._told])
        self._show()

    @property
    def decided(self) -> int:
        return len(self._lines)

    def act(self, action: str) -> None:
        """same, different, unsure (leaves the pair open), back (takes the last decision back) or rebuild."""
        if action == "rebuild":
            self._rebuild()
        elif action == "back":
            self._back()
        elif self._place < len(self._pairs):
            if action != "unsure":
                self._lines[self._place] = self._write(action)
            self._place += 1
            self._remark.value = ""
            self._show()

    def _write(self, verdict: str) -> int:
        pair = self._pairs[self._place]
        names = (str(pair["name_a"]), str(pair["name_b"]))
        one = Decision(
            verdict, [(pair["row_a"], pair["row_b"])], names, rule=pair["rule"], why=self._remark.value.strip()
        )
        (line,) = add_decisions(self._home, [one], who=self._who, at=self._clock())
        self._told.value = escape(self._say("ledger.written", id=line))
        return line

    def _back(self) -> None:
        self._place = max(0, self._place - 1)
        if (line := self._lines.pop(self._place, None)) is not None:
            undo_line(self._home, line, who=self._who, at=self._clock())
            self._told.value = escape(self._say("desk.taken_back", id=line))
        self._show()

    def _rebuild(self) -> None:
        self._told.value = escape(self._say("desk.rebuilding"))
        with run_lock(self._home):
            key, settings = load_key(self._home), load_settings(self._home)
            book = build_book(self._home, settings=settings, key=key, origin=book_origin(self._home)).book
        self._told.value = escape(self._say("ledger.rebuilt", version=book.version, n=f"{book.count('customers'):,}"))

    def _pressed(self, change: dict) -> None:
        if change["new"]:
            self._key.value = ""
            if action := KEYS.get(change["new"][-1]):
                self.act(action)

    def _button(self, text: str, action: str) -> widgets.Button:
        button = widgets.Button(description=text, layout={"width": "auto"})
        button.on_click(lambda _: self.act(action))
        return button

    def _show(self) -> None:
        say, left = self._say, len(self._pairs) - self._place
        if not left:
            self._shown.value = f"<h3>{escape(say('desk.nothing_left', n=self.decided))}</h3>"
            return
        pair = self._pairs[self._place]
        title = say("desk.pair", place=self._place + 1, n=len(self._pairs))
        asked_for = say.get(f"review.{pair['reason']}", "")
        why = f"{asked_for} · {explain_why(pair['why'], say)} · {say('rule.' + pair['rule'])} {pair['strength']:.2f}"
        rows = "".join(_row(say(f"todo.{one}"), str(pair[f"{one}_a"]), str(pair[f"{one}_b"])) for one in SIDES)
        head = f"<tr><th></th><th>{escape(str(pair['customer_a']))}</th><th>{escape(str(pair['customer_b']))}</th></tr>"
        self._shown.value = (
            f"{_STYLE}<h3>{escape(title)}</h3><p>{escape(why)}</p><table class='crm-pair'>{head}{rows}</table>"
        )


def _row(word: str, left: str, right: str) -> str:
    look = "" if not (left and right) else "same" if left == right else "differs"
    cells = "".join(f"<td class='{look}'>{escape(side) or '–'}</td>" for side in (left, right))
    return f"<tr><th scope='row'>{escape(word)}</th>{cells}</tr>"
