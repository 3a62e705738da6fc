"""The shelf: versions published whole."""

import os
import shutil
import subprocess
import sys
import threading

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import crmlib.book
from crmlib.book import shelf
from crmlib.book.shelf import list_versions, open_book, publish, set_aside
from crmlib.dictionary import DICTIONARY
from crmlib.engine import open_engine
from crmlib.errors import DataError
from crmlib.home import Home


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


def orders(*amounts: float) -> pd.DataFrame:
    ids = [f"SO{n}" for n in range(len(amounts))]
    return pd.DataFrame({"order_id": ids, "amount_cny": amounts, "row_id": ids})


def test_what_was_published_is_read_back(home):
    assert publish(home, {"orders": orders(1.5, 2)}, {"origin": "test"}) == "v000001"
    book = crmlib.book.open_book(home)
    assert (book.version, book.path, book.manifest["origin"]) == ("v000001", home.book / "v000001", "test")
    frame = book.frame(book.table("orders").order_by("order_id"))
    assert frame["amount_cny"].astype("str").tolist() == ["1.50", "2.00"]
    assert book.count("orders") == 2 and book.manifest["tables"]["orders"]["rows"] == 2


def test_every_table_of_the_dictionary_is_there_if_with_no_rows(home):
    publish(home, {"records": pd.DataFrame({"row_id": ["a"]})}, {})
    book = open_book(home)
    assert set(book.tables) == {*DICTIONARY.tables, "records"} == set(book.names)
    assert book.tables["tickets"].count().to_pyarrow().as_py() == 0
    assert book.count("tickets") == 0
    assert "none" not in book.tables
    with pytest.raises(DataError, match="orders"):
        book.table("ordres")


def test_the_same_rows_give_the_same_bytes(home):
    rows = orders(*range(50))
    publish(home, {"orders": rows}, {})
    publish(home, {"orders": rows.sample(frac=1, random_state=1)}, {})
    one, two = ((home.book / v / "orders.parquet").read_bytes() for v in list_versions(home))
    assert one == two


def test_the_last_five_versions_stay_and_any_of_them_is_opened(home):
    for n in range(7):
        publish(home, {"orders": orders(*range(n))}, {})
    assert list_versions(home) == [f"v{n:06d}" for n in range(3, 8)]
    assert open_book(home).count("orders") == 6
    assert open_book(home, version="v4").count("orders") == open_book(home, version="v000004").count("orders") == 3
    with pytest.raises(DataError, match="v000003") as caught:
        open_book(home, version="v2")
    assert caught.value.key == "error.no_book_version"


def test_the_version_that_readers_are_pointed_to_is_never_removed(home):
    for _ in range(5):
        publish(home, {}, {})
    (home.book / "CURRENT").write_text("v000001\n")  # set back by hand
    shelf._prune(home)
    publish(home, {}, {})
    assert "v000001" not in list_versions(home)  # no reader is pointed to it any more
    (home.book / "CURRENT").write_text("v000002\n")
    for name in ("v000007", "v000008"):
        shutil.copytree(home.book / "v000006", home.book / name)
    shelf._prune(home)
    assert list_versions(home)[0] == "v000002"


def test_a_home_without_a_book_says_so(home):
    for version in (None, "v1"):
        with pytest.raises(DataError) as caught:
            open_book(home.root, version=version)
        assert caught.value.key == "error.no_book" and str(home.book) in str(caught.value)


STEPS = range(2)  # os.replace puts the folder in its place, then CURRENT


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("killed", [False, True])
def test_a_crash_between_any_two_steps_leaves_the_version_before(home, monkeypatch, step, killed):
    publish(home, {"orders": orders(1)}, {})
    calls, real = [], os.replace

    def replace(source, target):
        calls.append(target)
        if len(calls) == step + 1:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    if killed:  # nobody tidies up behind a process that is gone
        monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(KeyboardInterrupt):
        publish(home, {"orders": orders(1, 2)}, {})
    monkeypatch.undo()
    assert len(calls) == step + 1
    assert open_book(home).version == "v000001" and open_book(home).count("orders") == 1
    if not killed:
        assert list_versions(home) == ["v000001"]
    publish(home, {"orders": orders(1, 2, 3)}, {})
    assert open_book(home).count("orders") == 3
    assert not list(home.book.glob(".new-*"))


def test_a_fault_in_a_table_leaves_the_version_before(home):
    publish(home, {"orders": orders(1)}, {})
    with pytest.raises(DataError):
        publish(home, {"orders": pd.DataFrame({"ordered_on": [True]})}, {})
    assert list_versions(home) == ["v000001"] and not list(home.book.glob(".new-*"))


def test_readers_never_see_a_mixed_version(home):
    publish(home, {"orders": orders(0), "payments": pd.DataFrame({"payment_id": ["0"]})}, {})
    seen, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            book = open_book(home, engine=open_engine())
            seen.append((book.count("orders"), book.count("payments")))

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(2, 6):
        publish(home, {"orders": orders(*range(n)), "payments": pd.DataFrame({"payment_id": list("abcdefg"[:n])})}, {})
    stop.set()
    reader.join()
    assert seen and all(one == other for one, other in seen)


def test_an_old_version_shows_later_tables_empty_and_later_columns_null(home):
    publish(home, {"orders": orders(1)}, {})
    folder = home.book / "v000001"
    (folder / "surveys.parquet").unlink()
    pq.write_table(pq.read_table(folder / "orders.parquet").drop_columns(["project"]), folder / "orders.parquet")
    book = open_book(home)
    assert book.frame(book.table("surveys")).empty
    row = book.frame(book.table("orders"))
    assert row["project"].isna().all() and row["order_id"].tolist() == ["SO0"]


def test_dtypes_do_not_depend_on_the_values(home):
    publish(home, {"orders": orders(1)}, {})
    full = open_book(home)
    publish(home, {}, {})
    empty = open_book(home)
    assert full.frame(full.table("orders")).dtypes.equals(empty.frame(empty.table("orders")).dtypes)


def test_a_book_opens_on_an_engine_that_is_given(home):
    publish(home, {"orders": orders(1, 2)}, {})
    engine = open_engine()
    book = open_book(home, engine=engine)
    assert book.engine is engine and book.table("orders").count().to_pyarrow().as_py() == 2
    assert open_book(home, engine="duckdb://").table("orders").count().to_pyarrow().as_py() == 2


@pytest.mark.demand("M11")
def test_a_book_says_its_format_and_a_later_one_is_refused(home, monkeypatch):
    monkeypatch.setattr(shelf, "SCHEMA_VERSION", shelf.SCHEMA_VERSION + 1)
    publish(home, {}, {})
    monkeypatch.undo()
    assert shelf.SCHEMA_VERSION >= 1
    with pytest.raises(DataError) as caught:
        open_book(home)
    assert caught.value.key == "error.book_newer"


def test_a_books_own_data_begin_when_the_sample_is_set_aside(home):
    publish(home, {"orders": orders(1)}, {})
    home.vault.mkdir()
    (home.vault / "x.sealed").touch()
    home.ledger.touch()
    place = set_aside(home, "sample")
    assert sorted(path.name for path in place.iterdir()) == ["book", "ledger.sqlite", "vault"]
    assert not home.book.exists() and not home.vault.exists() and not home.ledger.exists()
    assert publish(home, {}, {}) == "v000001"
    assert set_aside(home, "sample") != place


def test_a_version_is_plain_parquet(home):
    publish(home, {"orders": pa.table({"order_id": ["SO1"]})}, {})
    file = pq.ParquetFile(home.book / "v000001" / "orders.parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert b"pandas" not in (file.metadata.metadata or {})


def test_importing_the_wing_is_silent_and_light():
    code = "import sys, crmlib.book; print('ibis' in sys.modules or 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
