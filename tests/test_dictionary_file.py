"""dictionary.toml as shipped: every word leads to one field, and everything it names exists."""

from datetime import date

import pandas as pd
import pytest

from crmlib.dictionary import DICTIONARY
from crmlib.intake.cells import same_word
from crmlib.intake.checks import split_rows
from crmlib.intake.header_words import squeeze
from crmlib.intake.headers import map_headers
from crmlib.intake.values import standardise
from crmlib.settings import parse_settings

IMPORTED = [name for name, table in DICTIONARY.tables.items() if table.signature]


def importable(table: str) -> list:
    return [one for one in DICTIONARY.tables[table].fields.values() if not one.derived]


@pytest.mark.parametrize("table", DICTIONARY.tables)
def test_no_word_leads_to_two_fields_of_one_table(table):
    homes: dict[str, set[str]] = {}
    for one in importable(table):
        for word in (one.key, one.zh, one.en, *one.aliases):
            homes.setdefault(squeeze(word), set()).add(one.key)
    assert {word: fields for word, fields in homes.items() if len(fields) > 1} == {}


@pytest.mark.parametrize("name", DICTIONARY.choices)
def test_no_word_means_two_choices_of_one_list(name):
    homes: dict[str, set[str]] = {}
    for choice in DICTIONARY.choices[name].values():
        for word in (choice.code, choice.zh, choice.en, *choice.aliases):
            homes.setdefault(same_word(word), set()).add(choice.code)
    assert {word: codes for word, codes in homes.items() if len(codes) > 1} == {}


def test_keys_and_signatures_name_fields_that_a_sheet_may_hold():
    for table in DICTIONARY.tables.values():
        named = {*table.source_key, *(key for fields in table.signature for key in fields)}
        assert named <= {one.key for one in importable(table.key)}, table.key


def test_an_enum_has_its_list_and_every_list_is_used():
    enums = [one for one in DICTIONARY.fields() if one.type == "enum"]
    assert all(one.choice for one in enums)
    assert {one.choice for one in DICTIONARY.fields() if one.choice} == set(DICTIONARY.choices)


@pytest.mark.demand("A32")
def test_every_field_has_a_class_of_one_of_five_kinds_and_one_below_it():
    assert {one.level1 for one in DICTIONARY.fields()} == {"基本信息", "联系信息", "合作信息", "跟进信息", "标签信息"}
    assert all(one.level2 for one in DICTIONARY.fields())


def test_every_field_is_named_in_both_languages_and_can_be_shown_by_example():
    assert all(one.zh and one.en for one in DICTIONARY.fields())
    bare = [one.name for one in DICTIONARY.fields() if not one.derived and not one.example]
    assert bare == ["customers.id_no", "customers.archive_reason"][:1]  # no identity number is invented here


@pytest.mark.demand("B05")
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("table", IMPORTED)
def test_a_sheet_with_the_names_of_a_tables_fields_is_that_table_whatever_their_order(table, lang):
    whose = [] if table in ("customers", "products", "staff") else [DICTIONARY.field("customers.source_id")]
    wanted = {one.word(lang): one.name for one in [*whose, *importable(table)]}
    for headers in (list(wanted), list(reversed(wanted))):
        mapping = map_headers(pd.DataFrame([["x"] * len(headers)], columns=headers, dtype="str"))
        assert mapping.table == table
        assert {c.header: c.name for c in mapping.columns} == wanted


@pytest.mark.demand("A01", "A02", "A03", "A04", "A05", "A06")
def test_what_the_sources_call_required_is_required():
    assert DICTIONARY.field("customers.name").required == "key"
    wanted = ("contacts.name", "customers.industry_raw", "customers.headcount", "customers.annual_revenue_cny")
    for name in (*wanted, "customers.first_contact_date", "customers.source_channel"):
        assert DICTIONARY.field(name).required == "complete", name


def test_contact_data_are_personal_and_free_text_is_scanned():
    for name in ("contacts.name", "contacts.phone", "contacts.email", "contacts.im", "customers.address", "staff.name"):
        assert DICTIONARY.field(name).personal == "P", name
    assert DICTIONARY.field("customers.id_no").personal == "S"
    assert DICTIONARY.field("customers.name").personal == "person"
    assert [one.name for one in DICTIONARY.fields() if one.type == "text" and one.personal != "free"] == [
        "interactions.participants",  # names, masked as names
        "plans.reason",
    ]


@pytest.mark.parametrize("table", IMPORTED)
def test_a_row_of_the_examples_is_imported_without_a_fault(table):
    fields = importable(table)
    raw = pd.DataFrame([[one.example or None for one in fields]], columns=[one.zh for one in fields], dtype="str")
    if table not in ("customers", "products", "staff"):
        raw.insert(0, "客户ID", "C001")
    mapping = map_headers(raw)
    standard = standardise(raw, mapping, received_on=date(2030, 1, 1))
    made = split_rows(
        standard.rows,
        standard.issues,
        mapping=mapping,
        checks=parse_settings().checks,
        received_on=date(2030, 1, 1),
    )
    faults = made.issues[made.issues["severity"].ne("warning")]
    assert faults.to_dict("records") == []
