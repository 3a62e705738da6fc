"""Row rules as data: which field must be how, what it is called where it is not, and how grave that is."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmlib.dictionary import Dictionary
from crmlib.errors import SettingsError
from crmlib.intake.codes import parse_choice
from crmlib.intake.columns import as_arrow
from crmlib.settings import Checks

ISSUE_COLUMNS = ["line", "table", "field", "value", "reason", "severity"]


class Check(NamedTuple):
    """severity: "error" quarantines the row, "cell" empties the cell, "warning" says it. A missing cell passes all but `present`."""

    table: str
    field: str
    test: str
    value: Any
    reason: str
    severity: str


def _not_future(severity: str, table: str, *fields: str) -> list[Check]:
    return [Check(table, field, "not_future", None, "DATE_FUTURE", severity) for field in fields]


def _in_order(severity: str, table: str, first: str, *later: str) -> list[Check]:
    return [Check(table, field, "not_before", first, "TIME_ORDER", severity) for field in later]


def _not_negative(severity: str, table: str, *fields: str) -> list[Check]:
    return [Check(table, field, "min", 0, "AMOUNT_NEGATIVE", severity) for field in fields]


# a negative order amount is looked at by checks.py: it may be a cancellation
KIT_CHECKS: tuple[Check, ...] = (
    *_not_future("error", "customers", "first_contact_date"),
    *_not_future("cell", "customers", "given_first_order_on", "given_last_contact_on", "founded_on", "archived_date"),
    *_not_future("error", "orders", "ordered_on"),
    *_not_future("error", "interactions", "occurred_at"),
    *_not_future("cell", "interactions", "replied_at", "recorded_at"),
    *_not_future("cell", "actions", "done_at"),
    *_not_future("cell", "needs", "opened_at", "closed_at"),
    *_not_future("cell", "payments", "paid_date"),
    *_not_future("cell", "opportunities", "opened_on"),
    *_not_future("error", "tickets", "opened_at"),
    *_not_future("cell", "tickets", "first_response_at", "assigned_at", "resolved_at"),
    *_not_future("cell", "surveys", "asked_at", "answered_at", "revisited_at"),
    *_in_order("error", "tickets", "opened_at", "first_response_at", "assigned_at", "resolved_at", "revisit_at"),
    *_in_order("warning", "orders", "ordered_on", "contract_end"),
    *_in_order("warning", "opportunities", "opened_on", "closed_on"),
    *_in_order("warning", "needs", "opened_at", "closed_at", "due_date"),
    *_in_order("warning", "interactions", "awaiting_since", "replied_at"),
    *_in_order("warning", "interactions", "occurred_at", "recorded_at"),
    *_in_order("warning", "actions", "interactions.occurred_at", "due_date", "done_at"),
    *_in_order("warning", "customers", "first_contact_date", "given_last_contact_on", "given_first_order_on"),
    *_in_order("warning", "customers", "first_contact_date", "archived_date"),
    *_in_order("warning", "customers", "founded_on", "first_contact_date"),
    *_in_order("warning", "contacts", "valid_from", "valid_to"),
    *_in_order("warning", "payments", "orders.ordered_on", "due_date", "paid_date"),
    *_in_order("warning", "surveys", "asked_at", "answered_at", "revisited_at"),
    *_not_negative("cell", "customers", "annual_revenue_cny", "total_assets_cny", "opening_amount_cny"),
    *_not_negative("cell", "orders", "cost_cny"),
    *_not_negative("error", "payments", "due_amount_cny"),
    *_not_negative("cell", "payments", "paid_amount_cny"),
    *_not_negative("cell", "opportunities", "amount_cny"),
    *_not_negative("cell", "interactions", "cost_cny"),
    *_not_negative("cell", "tickets", "cost_cny"),
    Check("surveys", "score", "score", "scale", "OUT_OF_RANGE", "error"),
    Check("surveys", "revisit_score", "score", "scale", "OUT_OF_RANGE", "cell"),
    Check("tickets", "revisit_score", "score", "", "OUT_OF_RANGE", "cell"),
    Check("needs", "match_share", "min", 0, "OUT_OF_RANGE", "cell"),
    Check("needs", "match_share", "max", 1, "OUT_OF_RANGE", "cell"),
)
RECOMMEND = "recommend"
SCALE = 5  # points of a score whose scale is not given; the lowest is 1, on a scale of 10 and more 0


def own_checks(checks: Checks, dictionary: Dictionary) -> list[Check]:
    """The `[[checks.rules]]` of settings.toml; the n-th has the reason RULE_n.

    Raises SettingsError where a rule names a table or field that does not exist, or has a value that its test cannot use.
    """
    found, problems = [], []
    for n, rule in enumerate(checks.rules, 1):
        table = dictionary.tables.get(rule.table)
        if table is None or rule.field not in table.fields:
            word, known = (rule.field, table.fields) if table else (rule.table, dictionary.tables)
            near = get_close_matches(word, known, n=1, cutoff=0)[0]
            problems.append(SettingsError("error.rule_field", n=n, word=word, near=near))
        elif not _fits(rule.test, rule.value, table.fields):
            problems.append(SettingsError("error.rule_value", n=n, test=rule.test, value=repr(rule.value)))
        else:
            value = rule.value
            choice = dictionary.choices.get(table.fields[rule.field].choice, {})
            if rule.test == "one_of" and choice:  # 电话 or phone
                value = [parse_choice(str(one), choice).value or one for one in value]
            found.append(Check(rule.table, rule.field, rule.test, value, f"RULE_{n}", rule.severity))
    if problems:
        raise SettingsError.of(problems)
    return found


def rule_words(checks: Checks) -> dict[str, dict[str, str]]:
    """What the users' own rules say, as labels."""
    return {f"reason.RULE_{n}": {"zh": rule.zh, "en": rule.en} for n, rule in enumerate(checks.rules, 1)}


def _fits(test: str, value: Any, fields: Mapping[str, Any]) -> bool:
    if test in ("min", "max"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if test == "one_of":
        return isinstance(value, list | tuple) and len(value) > 0
    if test in ("before", "after"):
        return isinstance(value, date) or (isinstance(value, str) and (value in fields or _day(value) is not None))
    if test == "matches":
        try:
            return bool(re.compile(value))
        except (re.error, TypeError):
            return False
    return True


def violations(rows: pd.DataFrame, check: Check, *, received_on: date) -> np.ndarray:
    """Where `check` is broken, row by row. `present` asks of a missing column too; any other test passes without one."""
    name = f"{check.table}.{check.field}"
    if name not in rows:
        return np.full(len(rows), check.test == "present")
    if check.test == "present":
        return rows[name].isna().to_numpy()
    if not rows[name].notna().any():
        return np.zeros(len(rows), dtype=bool)
    broken = _TESTS[check.test](rows, name, check, received_on)
    return pc.fill_null(broken, False).to_numpy(zero_copy_only=False)


def column(rows: pd.DataFrame, name: str) -> pa.Array:
    """A column as Arrow sees it; all missing where the sheet has none."""
    if name not in rows:
        return pa.nulls(len(rows))
    array = as_arrow(rows[name])
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def numbers(rows: pd.DataFrame, name: str) -> pa.Array:
    return column(rows, name).cast(pa.float64())


def _moments(rows: pd.DataFrame, name: str) -> pa.Array:
    return column(rows, name).cast(pa.timestamp("us"))


def _days(rows: pd.DataFrame, name: str) -> pa.Array:
    return _moments(rows, name).cast(pa.date32(), safe=False)


def _min(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    return pc.less(numbers(rows, name), float(check.value))


def _max(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    return pc.greater(numbers(rows, name), float(check.value))


def _future(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    return pc.greater(_days(rows, name), pa.scalar(received_on))


def _too_early(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    """Earlier than another field of the row; of two times on one day, one at 0:00 is a day without a time."""
    first, later = check.value if "." in check.value else f"{check.table}.{check.value}", _moments(rows, name)
    start = _moments(rows, first)
    same_day = pc.equal(_days(rows, name), _days(rows, first))
    without_time = pc.equal(later, _days(rows, name).cast(pa.timestamp("us")))
    return pc.and_(pc.less(later, start), pc.invert(pc.and_(same_day, without_time)))


def _score(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    scale = numbers(rows, f"{check.table}.{check.value}") if check.value else pa.nulls(len(rows), pa.float64())
    if f"{check.table}.dimension" in rows:  # whether a customer would recommend us is asked from 0 to 10
        asked = pc.fill_null(pc.equal(column(rows, f"{check.table}.dimension").cast(pa.string()), RECOMMEND), False)
        scale = pc.if_else(asked, pc.fill_null(scale, 10.0), scale)
    scale = pc.fill_null(scale, float(SCALE))
    lowest = pc.if_else(pc.greater_equal(scale, 10.0), 0.0, 1.0)
    return pc.or_(pc.less(numbers(rows, name), lowest), pc.greater(numbers(rows, name), scale))


def _one_of(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    allowed = {str(one) for one in check.value}
    return _by_value(rows, name, lambda value: value not in allowed)


def _matches(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    pattern = re.compile(check.value)
    return _by_value(rows, name, lambda value: not pattern.fullmatch(value))


def _before(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    return pc.greater_equal(_moments(rows, name), _limit(rows, check))


def _after(rows: pd.DataFrame, name: str, check: Check, received_on: date) -> pa.Array:
    return pc.less_equal(_moments(rows, name), _limit(rows, check))


_Test = Callable[[pd.DataFrame, str, Check, date], pa.Array]
_TESTS: Mapping[str, _Test] = {
    "min": _min,
    "max": _max,
    "not_future": _future,
    "not_before": _too_early,
    "score": _score,
    "one_of": _one_of,
    "matches": _matches,
    "before": _before,
    "after": _after,
}


def _by_value(rows: pd.DataFrame, name: str, broken: Callable[[str], bool]) -> pa.Array:
    """A test of texts, asked once of each different one; a decimal of 2.00 is the text 2."""
    texts = column(rows, name)
    seen = texts.dictionary_encode()
    values = seen.dictionary.to_pylist()
    answers = pa.array([broken(_plain(value)) for value in values], pa.bool_())
    return answers.take(seen.indices)


def _plain(value: Any) -> str:
    text = str(value)
    return text.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", text) else text


def _limit(rows: pd.DataFrame, check: Check) -> pa.Array | pa.Scalar:
    day = check.value if isinstance(check.value, date) else _day(check.value)
    if day is None:
        return _moments(rows, f"{check.table}.{check.value}")
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
    return pa.scalar(moment, pa.timestamp("us"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def list_issues(
    rows: pd.DataFrame, table: str, field: str, where: np.ndarray, reason: str, severity: str
) -> pd.DataFrame:
    """Issues for the rows where something is wrong."""
    if not where.any():
        return pd.DataFrame(columns=ISSUE_COLUMNS)
    value = pd.array(texts(rows, f"{table}.{field}", where), dtype="str")
    said = {"table": table, "field": field, "value": value, "reason": reason, "severity": severity}
    return pd.DataFrame({"line": rows.index[where], **said})


def said_once(rows: pd.DataFrame, table: str, field: str, reason: str) -> pd.DataFrame:
    """One warning about a whole sheet, on the line above its first row."""
    if not len(rows):
        return pd.DataFrame(columns=ISSUE_COLUMNS)
    line = max(int(rows.index.min()) - 1, 0)
    return pd.DataFrame([[line, table, field, None, reason, "warning"]], columns=ISSUE_COLUMNS)


def texts(rows: pd.DataFrame, name: str, where: Iterable[bool]) -> list[str | None]:
    """The values at some rows, as they are shown beside a reason."""
    if name not in rows:
        return [None] * int(np.sum(where))
    return [None if pd.isna(value) else str(value) for value in rows.loc[np.asarray(where), name]]
