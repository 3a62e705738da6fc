"""The import template: what is filled in comes back exact, and what explains it is not data."""

import pandas as pd
import pytest
from openpyxl import load_workbook

from crmlib.cli import main
from crmlib.dictionary import DICTIONARY
from crmlib.errors import UsageError
from crmlib.intake.headers import map_headers
from crmlib.intake.readers import read_file
from crmlib.intake.template import header_of, template_fields, write_template
from crmlib.labels import speaker
from crmlib.settings import parse_settings

TABLES = [key for key, one in DICTIONARY.tables.items() if one.signature]


def fill(path, fields):
    """A row of the fields' examples under the headers as they stand in the file."""
    book = load_workbook(path)
    page = book.worksheets[0]
    for cell, field in zip(page[1], fields, strict=True):
        page.cell(2, cell.column, field.example or None)
    book.save(path)


@pytest.mark.demand("B05")
@pytest.mark.parametrize(
    ("table", "lang"), [*((table, "zh") for table in TABLES), ("customers", "en"), ("interactions", "en")]
)
def test_a_filled_template_gives_every_column_back_exact(tmp_path, table, lang):
    path, fields = tmp_path / "template.xlsx", template_fields(table, DICTIONARY)
    write_template(path, table, dictionary=DICTIONARY, say=speaker(lang))
    fill(path, fields)
    data, explained = read_file(path).tables
    mapping = map_headers(data)
    assert mapping.table == table
    assert {c.header: c.name for c in mapping.columns} == {header_of(one, lang): one.name for one in fields}
    assert {c.how for c in mapping.columns} <= {"exact", "values"} and mapping.custom == []
    given = {header_of(one, lang): one.example for one in fields if one.example}
    assert data.iloc[0].dropna().to_dict() == given
    assert (map_headers(explained).table, map_headers(explained).refusal) == (None, "FIELD_LIST")


@pytest.mark.demand("B05")
def test_a_template_in_csv_imports_shuffled_and_with_more_columns_too(tmp_path):
    path = tmp_path / "template.csv"
    write_template(path, "orders", dictionary=DICTIONARY, say=speaker("zh"))
    headers = path.read_text(encoding="utf-8-sig").strip().split(",")
    fields = {header_of(one, "zh"): one for one in template_fields("orders", DICTIONARY)}
    assert headers == list(fields)
    for order in (headers, headers[::-1], [*headers[3:], "仓位", *headers[:3]]):
        row = ["A-01" if h == "仓位" else fields[h].example for h in order]
        path.write_text(",".join(order) + "\n" + ",".join(row) + "\n", encoding="utf-8-sig")
        mapping = map_headers(read_file(path).tables[0])
        assert {c.header: c.name for c in mapping.columns} == {h: one.name for h, one in fields.items()}
        assert mapping.custom == [h for h in order if h not in fields]


def test_choices_are_offered_and_required_columns_are_marked(tmp_path):
    path = tmp_path / "template.xlsx"
    write_template(path, "interactions", dictionary=DICTIONARY, say=speaker("zh"))
    page, explained = load_workbook(path).worksheets
    headers = [cell.value for cell in page[1]]
    assert "沟通日期*" in headers and "沟通主题" in headers
    lists = [one.formula1 for one in page.data_validations.dataValidation]
    assert any("面谈" in one and "视频会议" in one for one in lists)
    assert all(len(one) <= 257 for one in lists)  # Excel takes no more
    assert [cell.value for cell in explained[1]] == ["字段", "类型", "必填", "可选值", "示例", "也可写作"]
    assert explained.max_row == len(headers) + 1


@pytest.mark.demand("B16")
def test_a_field_of_ones_own_stands_in_the_template():
    text = '[fields.customers.茶龄]\nzh = "茶龄"\nen = "Years of tea"\ntype = "int"\n'
    dictionary = DICTIONARY.with_fields(parse_settings(text).own_fields())
    assert "茶龄" in [one.zh for one in template_fields("customers", dictionary)]


@pytest.mark.demand("A61", "A62")
def test_a_profile_turns_the_fields_of_its_trade_on():
    def words(profile):
        settings = parse_settings(f'[template]\nprofile = "{profile}"\n')
        return {one.zh: one for one in template_fields("customers", DICTIONARY.with_fields(settings.own_fields()))}

    assert {"消费频次", "偏好品类"} <= words("retail").keys()
    assert not {"消费频次", "偏好品类"} & words("").keys()
    b2b = words("b2b")
    assert (b2b["客户规模"].name, b2b["决策人"].name) == ("customers.headcount", "contacts.decision_role")
    mapping = map_headers(
        pd.DataFrame([["甲公司", "每月2次", "茶叶"]], columns=["客户名称", "消费频次", "偏好品类"], dtype="str"),
        dictionary=DICTIONARY.with_fields(parse_settings('[template]\nprofile = "retail"\n').own_fields()),
    )
    assert mapping.custom == []


def test_no_template_asks_for_identity_numbers():
    assert not [one.name for table in TABLES for one in template_fields(table, DICTIONARY) if one.personal == "S"]


def test_a_table_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="customers"):
        template_fields("customer", DICTIONARY)
    with pytest.raises(UsageError):
        template_fields("tiers", DICTIONARY)


def test_the_command_writes_the_file_and_says_so(tmp_path, capsys):
    path = tmp_path / "orders.xlsx"
    assert main(["template", "orders", "--home", str(tmp_path), "--out", str(path), "--lang", "en"]) == 0
    assert path.is_file() and "not imported" in capsys.readouterr().out
    assert main(["template", "nothing", "--home", str(tmp_path)]) == 3


@pytest.mark.demand("J05")
def test_the_survey_sheet_asks_when_it_was_sent_what_was_scored_and_why_it_was_low():
    asked = {field.key: field for field in template_fields("surveys", DICTIONARY)}
    assert {"source_id", "name", "asked_at", "answered_at", "score", "scale", "dimension", "comment"} <= set(asked)
    assert {"revisited_at", "revisit_score", "root_cause"} <= set(asked) and asked["root_cause"].choice == "root_cause"
    assert "recommend" in DICTIONARY.choices[asked["dimension"].choice]
