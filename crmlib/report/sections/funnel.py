"""Funnel: where customers, needs and opportunities stand on their way; only what has stages."""

from crmlib.report import charts, style
from crmlib.report.blocks import Figure, Section
from crmlib.report.data import ReportData
from crmlib.report.names import name_code
from crmlib.report.numbers import write_number, write_share
from crmlib.report.parts import make_section, make_shares


def build_funnel(data: ReportData) -> Section | None:
    say, title = data.say, ""
    figures: list[Figure] = []
    for entity in ("customer", "need", "opportunity"):
        rows = data.funnel[data.funnel["entity"] == entity].sort_values("position")
        known = rows[rows["stage"] != "unknown"]
        if not known["n"].sum():
            continue
        named = rows.assign(code=rows["stage"], label=[name_code(entity, stage, say) for stage in rows["stage"]])
        whose = say(f"section.funnel.{entity}")
        drawn = charts.draw_funnel(named, say)
        name = say("section.funnel.chart", entity=whose)
        figures.append(
            make_shares(
                f"funnel_{entity}", name, drawn, named, say, colors=style.series_colors(named["code"]), pie=False
            )
        )
        most = named.loc[known["n"].astype(int).idxmax()]
        blanks = {"stage": most["label"], "n": write_number(most["n"]), "share": write_share(most["share"], say)}
        unknown = rows.loc[rows["stage"] == "unknown", "share"].sum()
        found = say("section.funnel.title", entity=whose, **blanks)
        if unknown > 0.5:
            found = say("section.funnel.title_unknown", entity=whose, share=write_share(unknown, say))
        title = title or found
    n = say("section.n_things", n=write_number(data.funnel["n"].sum()))
    return make_section(data, "funnel", title, figures, n=n) if figures else None
