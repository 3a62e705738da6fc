"""The vault: batches sealed whole."""

import os
import subprocess

import pyarrow as pa
import pytest

from crmlib.book.shelf import open_book, publish
from crmlib.book.vault import list_batches, open_batch, seal_batch
from crmlib.errors import DataError, KeyMissing
from crmlib.home import CHECKOUT, Home, find_home
from crmlib.keys import SAMPLE_KEY, Key, load_key
from crmlib.masking import MASKS

METHODS = pa.table({"method_id": ["M1", "M2"], "value": ["zhang@example.com", None]})


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path)


@pytest.mark.demand("A18")
def test_a_batch_comes_back_as_it_was_and_its_file_shows_no_value(home):
    path = seal_batch(home, "000001_ab12-0-rows", METHODS, SAMPLE_KEY)
    assert open_batch(home, "000001_ab12-0-rows", SAMPLE_KEY).equals(METHODS)
    sealed = path.read_bytes()
    assert b"zhang" not in sealed and b"value" not in sealed and b"PAR1" not in sealed
    assert MASKS["email"](METHODS["value"][0].as_py()) == "z***@example.com"
    assert list_batches(home) == ["000001_ab12-0-rows"]


def test_another_key_does_not_open_it_and_a_batch_under_another_name_neither(home):
    path = seal_batch(home, "one", METHODS, SAMPLE_KEY)
    with pytest.raises(KeyMissing):
        open_batch(home, "one", Key(b"another secret of another home"))
    path.rename(path.with_name("two.sealed"))
    with pytest.raises(DataError, match="two"):
        open_batch(home, "two", SAMPLE_KEY)
    with pytest.raises(DataError, match="one"):
        open_batch(home, "one", SAMPLE_KEY)


def test_sealing_that_is_interrupted_leaves_what_was_there(home, monkeypatch):
    seal_batch(home, "one", METHODS, SAMPLE_KEY)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        seal_batch(home, "one", METHODS.slice(0, 1), SAMPLE_KEY)
    monkeypatch.undo()
    assert open_batch(home, "one", SAMPLE_KEY).num_rows == 2


def test_a_batch_id_cannot_leave_the_vault(home):
    for name in ("../one", "a/b", ".hidden", ""):
        with pytest.raises(ValueError, match="batch id"):
            seal_batch(home, name, METHODS, SAMPLE_KEY)


@pytest.mark.demand("L12")
def test_the_vault_lies_outside_the_reports_and_outside_git():
    home = find_home(CHECKOUT)
    assert home.reports not in home.vault.parents
    if (CHECKOUT / ".git").exists():
        ignored = subprocess.run(["git", "check-ignore", "-q", "data/vault/x.sealed"], cwd=CHECKOUT, check=False)
        assert ignored.returncode == 0


@pytest.mark.demand("L09")
def test_without_the_key_the_book_is_read_and_the_vault_stays_shut(home, monkeypatch, tmp_path):
    monkeypatch.setenv("CRM_KEY_FILE", str(tmp_path / "elsewhere" / "my.key"))
    key = load_key(home, mint=True)
    seal_batch(home, "one", METHODS, key)
    publish(home, {}, {})
    key.path.unlink()
    with pytest.raises(KeyMissing):
        load_key(home, mint=True)
    assert open_book(home).count("customers") == 0
