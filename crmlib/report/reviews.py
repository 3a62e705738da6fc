"""Reviews for a report: the suggestions of the last one, told again from what it published, and what people said of it."""

import pandas as pd

from crmlib.book.work import Work
from crmlib.report.advice import COLUMNS, advise
from crmlib.report.published import Published


def last_suggestions(work: Work, published: Published | None) -> pd.DataFrame:
    """What the last report suggested, by its own figures and settings. No row where there was none."""
    if published is None:
        return pd.DataFrame(columns=COLUMNS)
    last, rules = work.period.previous(), published.settings.advice
    return advise(published.figures, rules=rules, period=last.text, as_of=last.as_of, say=work.say)


def said_of_last(work: Work) -> pd.DataFrame:
    """The notes on the last period's report that this version of the book knows."""
    if "reviews" not in work.book.names:
        return pd.DataFrame(columns=["about", "state", "text", "next", "who"])
    notes = work.book.frame(work.book.table("reviews"))
    return notes[notes["period"].eq(work.period.previous().text)].sort_values("line", ignore_index=True)
