"""Conversion: which share goes on from each stage, by cohort and by period, how long it takes, and where cases are lost."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from crmlib.durations import median_duration
from crmlib.insight.conversion_ways import NEVER, Way
from crmlib.insight.shares import add_share
from crmlib.periods import add_months, period_of

COHORT, PERIOD = "cohort", "period"
_STEP = ["entity", "definition", "position", "from_stage", "to_stage"]
_COUNTS = ["n", "converted", "lost", "open", "undated"]
UNDATED = 0.1  # where more of the cases than this have no day, those that have one are not like them


def rate_steps(ways: Mapping[str, Way], *, start: date, as_of: date, least: int) -> pd.DataFrame:
    """One row per entity, definition and step: entity, definition, position (1 is the first step), from_stage, to_stage,
    n, converted, lost, open, undated, dated, share, low, high, enough, weakest, start, as_of. Sorted by entity, definition, position.

    cohort: of everybody who ever came to a stage, who has gone on by `as_of`; who still stands there is in n, and `open`.
    period: of those who stood at a stage during [start, as_of), who went on within it; who has no day there is `undated`, and
    out of n, and of too many of them no share is told (`dated`). Who skipped a stage has passed it. weakest: the lowest share of n ≥ `least`, by cohort, where it does not hang on
    cases of which nobody wrote where they were lost.
    """
    first, last = np.datetime64(start, "D"), np.datetime64(as_of, "D")
    rows = []
    for entity, way in ways.items():
        reached, outcome = way.reached, way.outcome
        left = _left(way)
        for place in range(len(way.stages) - 1):
            step = (place + 1, way.stages[place], way.stages[place + 1])
            here, on = reached >= place, reached > place
            ends = [((reached == place) & (outcome == one)).sum() for one in ("lost", "open")]
            rows.append((entity, COHORT, *step, here.sum(), on.sum(), *ends, 0))
            entered, leaves = way.entered[:, place], left[:, place]
            dated = ~np.isnat(entered) & ~(on & np.isnat(leaves))
            within = here & dated & ~(leaves < first)
            gone = within & ~np.isnat(leaves) & (leaves < last)
            ends = [(gone & ~on & (outcome == "lost")).sum(), (within & ~gone).sum()]
            unknown = here & ~dated & ~(way.cases["seen_at"].to_numpy() > place)
            rows.append((entity, PERIOD, *step, within.sum(), (gone & on).sum(), *ends, unknown.sum()))
    rates = pd.DataFrame(rows, columns=[*_STEP, *_COUNTS])
    rates = _only_dated(add_share(rates, "converted", "n", least=least), ["share", "low", "high"])
    rates = rates.assign(weakest=_weakest(rates, ways), start=start, as_of=as_of)
    return _typed(rates.sort_values(_STEP[:3], ignore_index=True))


def _only_dated(rows: pd.DataFrame, told: list[str]) -> pd.DataFrame:
    """`rows` with `dated`; what is `told` is missing where too many cases have no day."""
    dated = rows["undated"] <= UNDATED * (rows["n"] + rows["undated"])
    return rows.assign(**{name: rows[name].where(dated) for name in told}, dated=dated, enough=rows["enough"] & dated)


def _left(way: Way) -> np.ndarray:
    """The day on which each stage was left: that of the next one, or of the end; a stage of which nobody knows it has none."""
    left = np.full_like(way.entered, NEVER)
    left[:, :-1] = way.entered[:, 1:]
    rows, reached = np.arange(len(way.cases)), way.reached
    left[rows, reached] = way.cases["ended_on"].to_numpy().astype("datetime64[D]")
    return left


def _weakest(rates: pd.DataFrame, ways: Mapping[str, Way]) -> pd.Series:
    """Each way's lowest step by cohort. Cases lost from an unknown place count at the last step: where they would make another
    step the lowest if they had been lost at the first, none is told."""
    told = pd.Series(False, rates.index)
    for entity, way in ways.items():
        mine = rates[(rates["entity"] == entity) & (rates["definition"] == COHORT) & rates["enough"]]
        if mine.empty:
            continue
        unplaced = int(way.cases["unplaced"].sum())
        if unplaced:
            n = mine["n"] - unplaced * (mine["position"] > 1)
            on = mine["converted"] - unplaced * (mine["position"] < len(way.stages) - 1)
            if (on / n.where(n > 0)).idxmin() != mine["share"].idxmin():
                continue
        told[mine["share"].idxmin()] = True
    return told


def rate_cohorts(ways: Mapping[str, Way], *, as_of: date, quarters: int, least: int) -> pd.DataFrame:
    """One row per entity, quarter in which the way was begun (its first day; the last `quarters` full ones, and the
    running one) and step: entity, cohort, position, from_stage, to_stage, n, converted, open, share, low, high, enough. Young cohorts have had less time."""
    first = add_months(period_of(as_of, kind="quarter").start, -3 * quarters)
    rows = []
    for entity, way in ways.items():
        began = pd.Series(way.entered[:, 0].astype("datetime64[s]"))
        known = (began >= pd.Timestamp(first)).to_numpy()
        cohort = began.dt.to_period("Q").dt.start_time.dt.date
        reached, outcome = way.reached, way.outcome
        for place in range(len(way.stages) - 1):
            here = known & (reached >= place)
            counts = pd.DataFrame({
                "cohort": cohort[here], "n": 1, "converted": (reached > place)[here].astype(int),
                "open": ((reached == place) & (outcome == "open"))[here].astype(int),
            }).groupby("cohort", as_index=False).sum()  # fmt: skip
            step = {"position": place + 1, "from_stage": way.stages[place], "to_stage": way.stages[place + 1]}
            rows.append(counts.assign(entity=entity, **step))
    kept = ["entity", "cohort", "position", "from_stage", "to_stage", "n", "converted", "open"]
    found = pd.concat(rows, ignore_index=True)[kept] if rows else pd.DataFrame(columns=kept)
    return _typed(add_share(found, "converted", "n", least=least).sort_values(kept[:3], ignore_index=True))


def rate_nodes(ways: Mapping[str, Way], *, nodes: Sequence[Sequence[str]], least: int) -> pd.DataFrame:
    """One row per entity and node: entity, node ("overall": from the first stage to the last; "node": a pair of `nodes`, each
    entity, from_stage, to_stage), from_stage, to_stage, n, converted, lost, open, share, low, high, enough."""
    wanted = [(entity, "overall", way.stages[0], way.stages[-1]) for entity, way in ways.items()]
    wanted += [(node[0], "node", *node[1:]) for node in nodes]
    rows = []
    for entity, name, from_stage, to_stage in wanted:
        way = ways.get(entity)
        if way is None or not {from_stage, to_stage} <= set(way.stages):
            continue
        reached, outcome = way.reached, way.outcome
        begin, end = way.stages.index(from_stage), way.stages.index(to_stage)
        here, on = reached >= begin, reached >= end
        ends = [(here & ~on & (outcome == one)).sum() for one in ("lost", "open")]
        rows.append((entity, name, from_stage, to_stage, here.sum(), on.sum(), *ends))
    columns = ["entity", "node", "from_stage", "to_stage", "n", "converted", "lost", "open"]
    found = add_share(pd.DataFrame(rows, columns=columns), "converted", "n", least=least)
    return _typed(found.sort_values(columns[:4], ascending=[True, False, True, True], ignore_index=True))


def count_losses(ways: Mapping[str, Way], *, least: int) -> pd.DataFrame:
    """One row per entity and stage from which cases were lost, or could be: entity, position, stage, to_stage (the one they did not
    come to), n (that came to it), lost, share, low, high, enough, part (of all losses). The last row of an entity, stage
    "unknown", counts those of whom nobody wrote where they stood."""
    rows = []
    for entity, way in ways.items():
        reached, outcome = way.reached, way.outcome
        unplaced = way.cases["unplaced"].to_numpy()
        lost = (outcome == "lost") & ~unplaced
        for place, stage in enumerate(way.stages):
            following = way.stages[place + 1] if place + 1 < len(way.stages) else None
            n = ((reached >= place) & ~unplaced).sum()
            rows.append((entity, place + 1, stage, following, n, (lost & (reached == place)).sum()))
        if unplaced.any():
            rows.append((entity, len(way.stages) + 1, "unknown", None, len(way.cases), unplaced.sum()))
    columns = ["entity", "position", "stage", "to_stage", "n", "lost"]
    found = add_share(pd.DataFrame(rows, columns=columns), "lost", "n", least=least)
    everyone = found.groupby("entity")["lost"].transform("sum")
    part = (found["lost"] / everyone.where(everyone > 0)).astype("float64").round(10)
    return _typed(found.assign(part=part).sort_values(columns[:2], ignore_index=True))


def time_stages(ways: Mapping[str, Way], *, as_of: date, least: int) -> pd.DataFrame:
    """One row per entity and stage, and one for the whole way (stage "way": from its beginning to arrival or loss): entity,
    position, stage, n, ended, open (censored on `as_of`), undated, median_days (Kaplan–Meier), enough, dated.

    The median is missing below `least` cases, where more than half have not left by the longest time seen, and where too many
    have no day. Cases whose first record found them further on are left out.
    """
    day = np.datetime64(as_of, "D")
    rows = []
    for entity, way in ways.items():
        reached, outcome = way.reached, way.outcome
        left, last = _left(way), len(way.stages) - 1
        whole = np.where(reached == last, way.entered[:, last], left[np.arange(len(reached)), reached])
        gone = (reached == last) | np.isin(outcome, ("lost", "settled"))
        spans = [("way", way.entered[:, 0], whole, gone, np.full(len(reached), True), way.measured[:, 0])]
        for place, stage in enumerate(way.stages[:-1]):
            on = (reached > place) | (outcome != "open")
            here = reached >= place
            spans.append((stage, way.entered[:, place], left[:, place], on, here, way.measured[:, place]))
        for position, (stage, begins, ends, ended, here, measured) in enumerate(spans):
            dated = here & measured & ~np.isnat(begins) & ~(ended & np.isnat(ends))
            days = (np.where(ended, ends, day) - begins)[dated].astype("int64")
            median = median_duration(days, ended[dated], least=least)
            found = way.cases["seen_at"].to_numpy() >= (last if stage == "way" else position)
            counts = (dated.sum(), (dated & ended).sum(), (dated & ~ended).sum(), (here & ~dated & ~found).sum())
            rows.append((entity, position, stage, *counts, median, dated.sum() >= least))
    columns = ["entity", "position", "stage", "n", "ended", "open", "undated", "median_days", "enough"]
    spans = _only_dated(pd.DataFrame(rows, columns=columns), ["median_days"])
    return _typed(spans.sort_values(columns[:2], ignore_index=True))


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {"entity", "definition", "node", "stage", "from_stage", "to_stage"}
    whole = {"position", "n", "converted", "lost", "open", "undated", "ended"}
    kinds = dict.fromkeys(texts & set(rows), "str") | dict.fromkeys(whole & set(rows), "Int64")
    truths = dict.fromkeys({"enough", "weakest", "dated"} & set(rows), "boolean")
    return rows.astype(kinds | truths)
