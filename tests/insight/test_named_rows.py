"""Names behind numbers: owners, and colleagues who look alike."""

import pandas as pd

from crmlib.insight.names import name_people, name_rows


def test_colleagues_who_look_alike_have_their_numbers_behind(tables):
    book = tables(staff="staff_id  name\nS1  张*\nS2  张*\nS3  李*")
    people = name_people(pd.DataFrame({"who": ["S1", "S3", "S9", None]}, dtype="str"), book, column="who")
    assert people["person"].tolist()[:3] == ["张* S1", "李*", "S9"] and pd.isna(people["person"].iloc[3])


def test_who_has_no_name_is_called_by_a_number_that_nobody_can_be_reached_by(tables):
    book = tables(
        customers="""
        customer_id  name  source_id
        K000001      甲    C01
        K000002      -     13085
        K000003      -     10012345678
        K000004      -     -
        """
    )
    named = name_rows(pd.DataFrame({"customer_id": [f"K00000{n}" for n in range(1, 5)]}), book)
    assert named["name"].tolist() == ["甲", "13085", "K000003", "K000004"]


def test_the_owner_is_who_the_row_names_else_who_has_the_number(tables):
    book = tables(
        staff="staff_id  name\nS1  张*\nS2  李*",
        customers="""
        customer_id  name  owner_name  owner_id
        anna         甲    吴*         S1
        bo           乙    -           S2
        cai          丙    -           S9
        """,
    )
    named = name_rows(pd.DataFrame({"customer_id": ["cai", "bo", "anna", "dora"]}), book)
    assert named["name"].fillna("-").tolist() == ["丙", "乙", "甲", "-"]
    assert named["owner"].fillna("-").tolist() == ["S9", "李*", "吴*", "-"]
