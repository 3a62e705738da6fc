"""A regular text read at once is the text read row by row; where it might not be, it is not read at once."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError
from crmlib.intake import bulk, delimited
from crmlib.intake.readers import read_file

HEADER = "客户编号,客户名称,备注"
CELLS = [
    "a",
    "",
    " ",
    "\u3000",
    '"b"',
    '""',
    '"c,d"',
    '"e""f"',
    '"g\nh"',
    '"i\r\nj"',
    'k"l',
    '"m"n',
    " o",
    "合计",
    "12",
    '"p,q\nr,s\nt"',
]


def both_ways(text: str) -> list:
    """What read_file makes of a text, at once where it may and row by row: a reading, or the key of its refusal."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.csv"
        path.write_bytes(text.encode())
        made = []
        for least in (0, 10**9):
            patch.setattr(delimited, "BULK_FROM", least)
            try:
                made.append(read_file(path))
            except DataError as error:
                made.append(error.key)
        return made


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4) | st.lists(st.sampled_from(CELLS), min_size=3, max_size=3), max_size=9),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    last=st.booleans(),
)  # fmt: skip
def test_at_once_and_row_by_row_are_one_reading(rows, end, last):
    lines = [HEADER, *(",".join(row) for row in rows)]
    fast, slow = both_ways(end.join(lines) + end * last)
    if isinstance(slow, str):
        assert fast == slow
        return
    for a, b in zip(fast.tables, slow.tables, strict=True):
        pd.testing.assert_frame_equal(a, b)
        assert a.attrs == b.attrs
    pd.testing.assert_frame_equal(fast.refused, slow.refused)
    assert fast.notes == slow.notes


def read(text: str, *, first: int = 2, width: int = 3) -> bulk.Block | None:
    return bulk.read_block(delimited.Lines(text), ",", quoted='"' in text, first=first, width=width)


def test_rows_keep_the_lines_they_stand_on_and_odd_ones_are_given_back():
    block = read('h,h,h\n1,"a\nb",x\n2\n3,c,x,y\n4,"d,""e""",\n\n5,f,x\n')
    assert block.lines.tolist() == [2, 6, 7, 8]
    assert [column.to_pylist() for column in block.columns] == [
        ["1", "4", None, "5"], ["a\nb", 'd,"e"', None, "f"], ["x", None, None, "x"],
    ]  # fmt: skip
    assert block.odd == [(4, ["2"]), (5, ["3", "c", "x", "y"])]


@pytest.mark.parametrize(
    "text",
    [
        'h,h,h\n1,"a,x\n2,b,x\n3,c",x\n4,d,x\n',  # a cell that holds rows
        'h,h,h\n1,a,x\n2,"b,x\n',  # never closed
        'h,h,h\n1,a,x\n2,b,"x',
        'h,h,h\n1,"a\n2",b,x,y\n',  # an odd row over two lines
        'h,h,h\n"a\nb"\n1,c,"\n',  # the same, and a quote that never closes: lines and rows would add up
    ],
)
def test_a_quote_that_may_be_open_is_not_read_at_once(text):
    assert read(text) is None
