"""What if a boundary were another: who would change tier, named at once, and the lines of settings.toml that make it so."""

from dataclasses import replace
from datetime import date
from html import escape

import ibis
import ipywidgets as widgets
import pandas as pd

from crmlib.engine import read_frame
from crmlib.insight.coverage import Tables
from crmlib.insight.names import name_customers
from crmlib.insight.tiers import LABELS, gather_facts, label_facts
from crmlib.judging import Tiers
from crmlib.labels import Say
from crmlib.report.numbers import write_money
from crmlib.settings import Settings

WAN = 10_000
# input → dimension it decides, setting, what one unit of the input is
INPUTS = {
    "high": ("value", "high", WAN),
    "middle": ("value", "middle", WAN),
    "lost_months": ("risk", "lost_months", 1),
    "warn_overdue": ("risk", "warn_overdue", 1),
    "active_months": ("activity", "months", 1),
}
SHOWN = 40  # names of each move
_STYLE = "<style>.crm-what-if li{margin:2px 0}.crm-what-if code,.crm-what-if pre{background:#f3f6f8;padding:6px 10px}</style>"


class WhatIf(widgets.VBox):
    """`WhatIf(tables, settings=…, as_of=…, say=say)` shows today's boundaries; nothing it does is kept."""

    def __init__(self, tables: Tables, *, settings: Settings, as_of: date, say: Say, in_yuan: bool = True) -> None:
        self._say, self._as_of, self._tiers = say, as_of, settings.tiers
        facts = gather_facts(tables, settings=settings, as_of=as_of).to_pyarrow()
        self._facts = ibis.memtable(facts)  # measured once; only the labels are made anew
        self._names = name_customers(tables).set_index("customer_id")["name"]
        self._dimensions = [name for name in ("value", "risk", "activity") if in_yuan or name != "value"]
        self._base = self.label(self._tiers)
        self.inputs = {
            name: self._input(name) for name, (dimension, *_) in INPUTS.items() if dimension in self._dimensions
        }
        self._shown = widgets.HTML()
        reset = widgets.Button(description=say("desk.what_if.reset"), layout={"width": "auto"})
        reset.on_click(lambda _: self.reset())
        super().__init__([*self.inputs.values(), reset, self._shown])
        self._show()

    def label(self, tiers: Tiers) -> pd.DataFrame:
        """One row per customer with a column per dimension, as these settings would have it."""
        labelled = label_facts(self._facts, tiers, as_of=self._as_of)
        return read_frame(labelled.select("customer_id", "amount_cny", *self._dimensions)).sort_values(
            "customer_id", ignore_index=True
        )

    def asked(self) -> Tiers:
        """Today's settings with the values of the inputs."""
        tiers = self._tiers
        for name, widget in self.inputs.items():
            dimension, setting, unit = INPUTS[name]
            value = widget.value * unit
            tiers = replace(tiers, **{dimension: replace(getattr(tiers, dimension), **{setting: value})})
        return tiers

    def moves(self) -> pd.DataFrame:
        """Who would stand elsewhere: customer_id, name, amount_cny, dimension, label_before, label_now; the largest first."""
        now, parts = self.label(self.asked()), []
        for dimension in self._dimensions:
            moved = self._base[dimension].ne(now[dimension])
            about = now.loc[moved, ["customer_id", "amount_cny"]]
            labels = {"label_before": self._base.loc[moved, dimension], "label_now": now.loc[moved, dimension]}
            parts.append(about.assign(dimension=dimension, **labels))
        moves = pd.concat(parts).assign(name=lambda rows: rows["customer_id"].map(self._names))
        return moves.sort_values(["amount_cny", "customer_id"], ascending=[False, True], ignore_index=True)

    def settings_lines(self) -> str:
        """What to put into settings.toml: only what differs from today's."""
        lines: dict[str, list[str]] = {}
        for name, widget in self.inputs.items():
            dimension, setting, unit = INPUTS[name]
            if widget.value * unit != getattr(getattr(self._tiers, dimension), setting):
                lines.setdefault(f"[tiers.{dimension}]", []).append(f"{setting} = {round(widget.value * unit)}")
        return "\n".join(line for head, rest in lines.items() for line in (head, *rest))

    def reset(self) -> None:
        for name, widget in self.inputs.items():
            widget.value = self._today(name)

    def _today(self, name: str) -> float:
        dimension, setting, unit = INPUTS[name]
        value = getattr(getattr(self._tiers, dimension), setting) / unit
        return value if unit > 1 else int(value)

    def _input(self, name: str) -> widgets.Widget:
        kind = widgets.BoundedFloatText if INPUTS[name][2] > 1 else widgets.BoundedIntText
        look = {"layout": {"width": "420px"}, "style": {"description_width": "260px"}}
        limits = {"min": 0, "max": 1_000_000} if INPUTS[name][2] > 1 else {"min": 1, "max": 120}
        widget = kind(value=self._today(name), description=self._say(f"desk.what_if.{name}"), **limits, **look)
        widget.add_class(f"crm-what-if-{name.replace('_', '-')}")
        widget.observe(lambda _: self._show(), names="value")
        return widget

    def _show(self) -> None:
        say, tiers = self._say, self.asked()
        if "value" in self._dimensions and not 0 < tiers.value.middle < tiers.value.high:
            self._shown.value = f"<p>{escape(say('desk.what_if.order'))}</p>"
            return
        moves = self.moves()
        parts = [self._tell(*key, rows) for key, rows in self._grouped(moves)]
        body = "".join(parts) or f"<h3>{escape(say('desk.what_if.nobody'))}</h3>"
        if lines := self.settings_lines():
            body += f"<p>{escape(say('desk.what_if.paste'))}</p><pre>{escape(lines)}</pre>"
        self._shown.value = f"{_STYLE}<div class='crm-what-if'>{body}</div>"

    def _grouped(self, moves: pd.DataFrame):
        for dimension in self._dimensions:
            for before in LABELS[dimension]:
                for now in LABELS[dimension]:
                    rows = moves[
                        moves["dimension"].eq(dimension) & moves["label_before"].eq(before) & moves["label_now"].eq(now)
                    ]
                    if len(rows):
                        yield (dimension, before, now), rows

    def _tell(self, dimension: str, before: str, now: str, rows: pd.DataFrame) -> str:
        say = self._say
        words = {side: self._word(dimension, label) for side, label in (("before", before), ("now", now))}
        named = [
            f"<li>{escape(str(one.name))}　{escape(write_money(one.amount_cny, say)) if pd.notna(one.amount_cny) else ''}</li>"
            for one in rows.head(SHOWN).itertuples(index=False)
        ]
        more = f"<li>{escape(say('desk.what_if.more', n=len(rows) - SHOWN))}</li>" if len(rows) > SHOWN else ""
        return f"<h3>{escape(say('desk.what_if.moved', n=len(rows), **words))}</h3><ul>{''.join(named)}{more}</ul>"

    def _word(self, dimension: str, label: str) -> str:
        return self._say(f"desk.what_if.short.{label}" if dimension == "value" else f"tier.{dimension}.{label}")
