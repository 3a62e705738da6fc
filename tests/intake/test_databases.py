"""A table of a database is read as the text the database writes, in the order of its key, and nothing tells who asked."""

import os
import sqlite3
import subprocess
import sys

import pytest

from crmlib.book import open_book
from crmlib.cli import main
from crmlib.errors import DataError
from crmlib.home import Home
from crmlib.intake import read_file
from crmlib.intake.databases import table_input

POSTGRES = os.environ.get("CRM_TEST_POSTGRES", "")


def read(url, table):
    with table_input(url, table=table) as one, one.opened() as path:
        return read_file(path, name=one.name), one


def refused(url, table=""):
    with pytest.raises(DataError) as caught, table_input(url, table=table):
        pass
    assert caught.value.message("zh") and caught.value.message("en")
    return caught.value


@pytest.fixture
def shop(tmp_path):
    """The address of a small shop's SQLite database."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as base:
        base.executescript(
            """
            create table 客户 (客户编号 text primary key, 客户名称 text, 首次合作时间 date, "金额 (元)" decimal(10,2), 备注);
            insert into 客户 values ('0002', '示例乙贸易有限公司', '2024-04-20', '12.50', null);
            insert into 客户 values ('0001', '示例甲科技有限公司', '2024/1/5', 1234567.5, ' ');
            create view "大 客户" as select * from 客户 where 客户编号 = '0002';
            create table numbers (id integer primary key, x);
            insert into numbers values (10, 9007199254740993), (9, 0.1), (2, 'x');
            create table leer (客户编号, 客户名称);
            """
        )
    base.close()
    return f"sqlite:///{path}"


def test_values_stand_as_the_database_holds_them_in_the_order_of_the_key(shop):
    found, one = read(shop, "客户")
    (table,) = found.tables
    assert table.fillna("").reset_index().values.tolist() == [
        [1, "0001", "示例甲科技有限公司", "2024/1/5", "1234567.5", ""],
        [2, "0002", "示例乙贸易有限公司", "2024-04-20", "12.5", ""],  # SQLite itself took 12.50 for a number
    ]
    assert (one.name, one.system) == ("sqlite:///shop.db#客户", "shop")
    (numbers,) = read(shop, "numbers")[0].tables
    assert numbers.values.tolist() == [["2", "x"], ["9", "0.1"], ["10", "9007199254740993"]]


def test_a_view_is_read_too_and_an_empty_table_has_no_rows(shop):
    assert len(read(shop, "大 客户")[0].tables[0]) == 1
    assert len(read(shop, "leer")[0].tables[0]) == 0


def test_the_same_content_gives_the_same_snapshot(shop):
    digests = set()
    for _ in range(2):
        with table_input(shop, table="客户") as one:
            digests.add(one.sha256())
    assert len(digests) == 1


def test_without_a_table_those_that_are_there_are_named(shop):
    assert refused(shop).blanks["tables"] == "leer numbers 大 客户 客户"
    error = refused(shop, "number")
    assert (error.key, error.blanks["near"]) == ("error.database_table", "numbers")


def test_what_is_no_database_is_refused_and_none_is_made(tmp_path):
    assert refused(f"sqlite:///{tmp_path}/new.db").key == "error.file_missing"
    assert not (tmp_path / "new.db").exists()
    (tmp_path / "text.db").write_text("no database at all, but quite long enough to look like one" * 9)
    assert refused(f"sqlite:///{tmp_path}/text.db").key == "error.database"
    for url in ("oracle://h/db", "nonsense://", "mysql+pyodbc//x", "postgresql://h:port/db"):
        assert refused(url).key == "error.database_url"


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_said_without_the_password(kind):
    error = refused(f"{kind}://anna:s3cret-s3cret@127.0.0.1:1/shop", "orders")
    assert error.key == "error.database"
    assert error.blanks["database"] == f"{kind}://127.0.0.1:1/shop"
    assert "s3cret" not in error.message("zh") and "anna" not in error.blanks["database"]


def test_a_driver_that_repeats_the_password_is_not_quoted(monkeypatch):
    import sqlalchemy as sa

    def fail(*args, **told):
        raise sa.exc.OperationalError("", {}, Exception("cannot log in with s3cret-s3cret\nsecond line"))

    monkeypatch.setattr(sa, "create_engine", fail)
    assert refused("mysql://anna:s3cret-s3cret@h/shop").blanks["detail"] == "cannot log in with ***"


def test_mysql_is_asked_for_text_and_rows_in_order():
    """No server here: the statement alone."""
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql

    table = sa.table("orders", sa.column("订单 号"), schema="shop")
    query = sa.select(sa.cast(table.c[0], sa.String)).order_by(table.c[0])
    written = " ".join(str(query.compile(dialect=mysql.dialect())).split())
    assert written.startswith("SELECT CAST(shop.orders.`订单 号` AS CHAR) AS")
    assert written.endswith("FROM shop.orders ORDER BY shop.orders.`订单 号`")


@pytest.mark.demand("B06")
def test_a_table_is_imported_by_its_address_and_seen_again(shop, place, capsys):
    place.root.mkdir()
    place.settings_file.write_text('[sources.客户]\ncurrency = "CNY"\nsystem = "erp"\n', encoding="utf-8")
    for _ in range(2):
        assert main(["import", shop, "--table", "客户", "--home", str(place.root)]) == 0
    said = capsys.readouterr().out
    assert "sqlite:///shop.db#客户 → 客户 2" in said and "以前读过" in said
    book = open_book(Home(place.root))
    records = book.frame(book.table("records"))
    assert set(records["source_system"]) == {"erp"} and sorted(records["line"]) == [1, 2]
    assert main(["import", shop, str(place.settings_file), "--home", str(place.root)]) == 3


def test_importing_the_kit_loads_no_database_library():
    code = "import sys, crmlib.cli, crmlib.inputs, crmlib.intake.readers; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ── PostgreSQL


@pytest.fixture
def schema():
    """A schema of its own in the server that CRM_TEST_POSTGRES names."""
    if not POSTGRES:
        pytest.skip("CRM_TEST_POSTGRES names no server")
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as base:
        base.execute("drop schema if exists crm_test cascade; create schema crm_test")
        base.execute("set search_path to crm_test")
        yield base
        base.execute("drop schema crm_test cascade")


@pytest.mark.postgres
def test_postgres_gives_every_type_as_exact_text(schema):
    schema.execute(
        """
        create table orders (
            "订单编号" varchar primary key, "客户编号" char(6), "下单时间" timestamp, "付款时间" timestamptz, "日期" date,
            "金额" numeric(12,2), "大数" numeric, "数量" bigint, "比例" double precision, "有效" boolean, "信息" jsonb,
            "标签" text[], "停留" interval, "附件" bytea);
        insert into orders values
            ('010', '000001', '2024-04-20 14:30:00', '2024-04-20 14:30:00+00', '2024-04-20', 1234567890.10,
             123456789012345678901234567890.5, 9007199254740993, 0.1, true, '{"a": 1}', '{甲,乙}', '1 day 02:00', 'x'),
            ('002', null, 'infinity', null, '0044-03-15 BC', -0.01, 'NaN', null, 1e21, false, null, '{}', null, null);
        create view 大单 as select * from orders where "金额" > 0;
        """
    )
    (table,) = read(POSTGRES, "crm_test.orders")[0].tables
    assert table.fillna("∅").values.tolist() == [
        ["002", "∅", "infinity", "∅", "0044-03-15 BC", "-0.01", "NaN", "∅", "1e+21", "false", "∅", "{}", "∅", "∅"],
        ["010", "000001", "2024-04-20 14:30:00", "2024-04-20 22:30:00+08", "2024-04-20", "1234567890.10",
         "123456789012345678901234567890.5", "9007199254740993", "0.1", "true", '{"a": 1}', "{甲,乙}",
         "1 day 02:00:00", "\\x78"],
    ]  # fmt: skip
    found, one = read(POSTGRES, "crm_test.大单")
    assert len(found.tables[0]) == 1
    assert one.name.startswith("postgresql://") and one.name.endswith("#crm_test.大单") and "@" not in one.name


@pytest.mark.postgres
def test_postgres_streams_a_large_table_in_the_order_of_a_key_of_two_columns(schema):
    schema.execute("create table lines (a int, b text, primary key (b, a))")
    schema.execute("insert into lines select n, (n % 3)::text from generate_series(1, 50000) n")
    (table,) = read(POSTGRES, "crm_test.lines")[0].tables
    assert len(table) == 50_000
    assert table.iloc[[0, 1, -1]].values.tolist() == [["3", "0"], ["6", "0"], ["50000", "2"]]


@pytest.mark.postgres
def test_postgres_is_only_read(schema):
    schema.execute(
        "create table t (a int); create function f() returns int language sql as 'insert into crm_test.t values (1) returning a'"
    )
    schema.execute("create view v as select crm_test.f() as a")
    assert "read-only" in refused(POSTGRES, "crm_test.v").blanks["detail"]


@pytest.mark.postgres
def test_nothing_that_is_kept_or_said_holds_the_user_or_the_password(schema, place, capsys):
    from sqlalchemy import make_url

    schema.execute('create table customers ("客户编号" text primary key, "客户名称" text)')
    schema.execute("insert into customers values ('007', '示例甲科技有限公司')")
    schema.execute("create role crm_reader_x login superuser")
    try:
        url = make_url(POSTGRES).set(username="crm_reader_x", password="s3cret-s3cret").render_as_string(False)
        assert main(["import", url, "--table", "crm_test.customers", "--home", str(place.root)]) == 0
    finally:
        schema.execute("drop role crm_reader_x")
    said = capsys.readouterr()
    kept = [path.read_bytes() for path in place.root.rglob("*") if path.is_file()]
    assert any(b"#crm_test.customers" in one for one in kept)
    for secret in ("s3cret", "crm_reader_x"):
        assert secret not in said.out + said.err and not any(secret.encode() in one for one in kept)
