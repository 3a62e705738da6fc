"""A later export of the same system updates, and the change log says what it changed."""

from datetime import date

import pandas as pd
import pytest

JUNE = """客户编号,客户名称,联系人,手机,所属行业,员工人数
C1,上海示澄科技有限公司,陈示一,10012345678,软件开发,100-500人
C2,北京例远贸易有限公司,林示二,10087654321,零售业,50
"""


def changes(built) -> list[list]:
    shown = built.book.frame(built.book.table("changes"))
    return shown[["field", "old", "new"]].to_numpy().tolist()


@pytest.mark.demand("C10", "B07")
def test_every_changed_value_is_logged_old_and_new(intake):
    intake({"客户.csv": JUNE}, day=date(2024, 7, 1))
    july = JUNE.replace("零售业", "批发业").replace("C1,", "C1,").replace(",50\n", ",80\n")
    built = intake({"客户_七月.csv": july}, day=date(2024, 8, 1))
    log = built.book.frame(built.book.table("changes"))
    assert log.groupby("field")[["old", "new"]].first().loc[["industry_raw", "headcount"]].to_numpy().tolist() == [
        ["零售业", "批发业"],
        ["50", "80"],
    ]
    one = log[log["field"].eq("industry_raw")].iloc[0]
    assert (one["source_file"], one["line"], one["changed_on"]) == ("客户_七月.csv", 3, date(2024, 8, 1))
    customers = built.book.frame(built.book.table("customers")).set_index("name")
    assert customers.loc["北京例远贸易有限公司", "customer_id"] == one["customer_id"]
    assert set(log["row_id"]) == {one["row_id"]}  # the other customer did not change


def test_a_changed_telephone_number_is_logged_masked(intake):
    intake({"客户.csv": JUNE})
    built = intake({"客户_七月.csv": JUNE.replace("10012345678", "10099990000")})
    assert ["phone", "100****5678", "100****0000"] in changes(built)
    assert not any("1009999" in str(cell) for row in changes(built) for cell in row)


def test_a_column_that_an_export_lacks_has_not_changed_and_an_emptied_cell_has(intake):
    intake({"客户.csv": JUNE})
    fewer = "客户编号,客户名称,所属行业\nC1,上海示澄科技有限公司,\nC2,北京例远贸易有限公司,零售业\n"
    built = intake({"客户_七月.csv": fewer})
    assert [row[0] for row in changes(built) if not row[0].startswith("industry")] == []
    assert ["industry_raw", "软件开发", None] in [[None if pd.isna(c) else c for c in row] for row in changes(built)]


def test_a_file_imported_twice_changes_nothing(intake):
    intake({"客户.csv": JUNE})
    assert changes(intake({"客户_again.csv": JUNE})) == []
