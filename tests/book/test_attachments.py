"""A file that a row points to is there, or the row is listed; nothing is read or copied."""

import pytest

from crmlib.book.attachments import missing_attachments

ORDERS = """订单编号,客户名称,订单日期,金额,合同扫描件(如有)
A1,上海示例科技有限公司,2024-05-01,100,合同/A1.pdf
A2,上海示例科技有限公司,2024-05-02,100,合同\\A2.pdf
A3,上海示例科技有限公司,2024-05-03,100,https://example.com/A3.pdf
A4,上海示例科技有限公司,2024-05-04,100,
"""


@pytest.mark.demand("A26")
def test_a_contract_scan_that_is_not_at_its_path_is_listed(intake, place):
    folder = place.inbox / "合同"
    folder.mkdir(parents=True)
    for name in ("A1.pdf", "A2.pdf"):
        (folder / name).write_bytes(b"")
    book = intake({"订单.csv": ORDERS}).book
    assert len(missing_attachments(book, place)) == 0
    for name in ("A1.pdf", "A2.pdf"):
        (folder / name).unlink()
    assert missing_attachments(book, place)["path"].tolist() == ["合同/A1.pdf", "合同\\A2.pdf"]


def test_without_attachments_none_is_missing(intake, place):
    book = intake({"客户.csv": "客户名称,所属行业\n上海示例科技有限公司,互联网\n"}).book
    assert list(missing_attachments(book, place).columns) == ["table", "row_id", "customer_id", "path"]
