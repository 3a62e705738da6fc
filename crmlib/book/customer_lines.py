"""A customer's file in words, for the terminal."""

from collections.abc import Iterator

import pandas as pd

from crmlib.book.customer import CustomerFile
from crmlib.dictionary import DICTIONARY
from crmlib.intake.matching import explain_why
from crmlib.labels import Say

SHOWN = 10  # rows of other tables; those that state the customer are all shown


def customer_lines(one: CustomerFile, *, say: Say) -> Iterator[str]:
    """Values with their rows, rows, links, changes, decisions, and what hangs on the customer."""
    name = one.values.loc[one.values["field"].eq("name"), "value"]
    former = say("show.former", ids="、".join(one.former)) if one.former else ""
    yield f"{one.customer_id}  {name.iloc[0] if len(name) else '–'}  {former}".rstrip()
    fields = DICTIONARY.tables["customers"].fields
    for value in one.values.itertuples():
        why = say(f"survival.{value.why}") if isinstance(value.why, str) and value.why else ""
        yield f"    {fields[value.field].word(say.lang)}：{_choice(value, say)}{_origin(value, why)}"
    yield say("show.rows", n=len(one.rows))
    own = one.rows["table"].eq("customers")
    others = one.rows[~own].head(SHOWN)
    for row in pd.concat([one.rows[own], others]).itertuples():
        table = DICTIONARY.tables[row.table].word(say.lang)
        yield f"    {row.row_id}  {_place(row)}  {table} · {say(f'balance.{row.status}')}"
    if more := (~own).sum() - len(others):
        yield "    " + say("show.more", n=more)
    if len(one.links):
        yield say("show.links")
    for link in one.links.itertuples():
        words = explain_why(link.why, say)
        yield f"    {link.row_a} = {link.row_b}  {say(f'rule.{link.rule}')} {link.strength:.2f}  {words}"
    for line in one.lines:
        verdict, why = say(f"todo.{line.subject['verdict']}"), f"（{line.why}）" if line.why else ""
        yield say("show.decided", id=line.id, day=line.at.date(), who=line.who, verdict=verdict) + why
    for group in one.group.itertuples():
        yield say("show.group", id=group.customer_id, name=group.name, why=explain_why(group.why, say))
    if len(one.members):
        some = [f"{member.customer_id} {member.name}" for member in one.members.head(SHOWN).itertuples()]
        yield say("show.members", n=len(one.members), some=say("list.separator").join(some))
    if len(one.changes):
        yield say("show.changes", n=len(one.changes))
    for change in one.changes.itertuples():
        field = DICTIONARY.tables[change.table].fields.get(change.field)
        old, new = ("–" if pd.isna(side) else side for side in (change.old, change.new))
        yield f"    {change.changed_on} {field.word(say.lang) if field else change.field}：{old} → {new}  {_place(change)}"
    if len(one.linked):
        counts = [f"{DICTIONARY.tables[row.table].word(say.lang)} {row.rows:,}" for row in one.linked.itertuples()]
        yield say("show.linked", counts=say("list.separator").join(counts))


def _choice(value, say: Say) -> str:
    field = DICTIONARY.tables["customers"].fields[value.field]
    known = DICTIONARY.choices.get(field.choice, {})
    return known[value.value].word(say.lang) if value.value in known else value.value


def _origin(value, why: str) -> str:
    place = _place(value) if isinstance(value.source_file, str) else ""
    told = "，".join(part for part in (place, why) if part)
    return f"  ← {told}" if told else ""


def _place(row) -> str:
    sheet = f"[{row.sheet}]" if isinstance(row.sheet, str) and row.sheet else ""
    return f"{row.source_file}{sheet}:{row.line}"
