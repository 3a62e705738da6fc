"""Keys: tokens, row ids and seals of one home, and where its key lies."""

import os
import pickle
import stat
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.errors import DataError, KeyMissing
from crmlib.home import Home
from crmlib.keys import SAMPLE_KEY, Key, home_id, key_path, load_key

OTHER = Key(b"another secret of another home")
PARTS = st.lists(st.one_of(st.none(), st.text(st.sampled_from("ab\x1e\x1f2"), max_size=3)), min_size=1, max_size=4)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    monkeypatch.delenv("CRM_KEY_FILE", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(tmp_path / "config" / "crmlib"))
    return Home(tmp_path / "home")


def fill(home: Home) -> None:
    """What a published book leaves behind."""
    home.book.mkdir(parents=True, exist_ok=True)
    (home.book / "CURRENT").write_text("v000001\n")


def test_a_token_is_the_same_for_the_same_value_in_one_home_alone():
    assert SAMPLE_KEY.token("phone", "10012345678") == SAMPLE_KEY.token("phone", "10012345678")
    assert SAMPLE_KEY.token("phone", "10012345678") != OTHER.token("phone", "10012345678")
    assert SAMPLE_KEY.token("phone", "x") != SAMPLE_KEY.token("email", "x")
    assert SAMPLE_KEY.token("phone", None) is None
    assert len(SAMPLE_KEY.token("phone", "10012345678")) == 20


def test_tokens_of_a_column_are_the_tokens_of_its_values():
    values = pd.Series(["a", None, "b", "a"], index=[3, 4, 5, 6])
    tokens = SAMPLE_KEY.tokens("phone", values)
    assert tokens[[3, 5, 6]].tolist() == [SAMPLE_KEY.token("phone", value) for value in "aba"]
    assert tokens.isna().tolist() == [False, True, False, False]


@given(PARTS, PARTS)
def test_two_rows_have_one_id_only_if_every_part_is_equal(one, other):
    assert (SAMPLE_KEY.row_id(*one) == SAMPLE_KEY.row_id(*other)) == (one == other)


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.tuples(*[st.one_of(st.none(), st.text(max_size=3))] * n), max_size=4)
    )
)
def test_ids_of_many_rows_are_the_ids_of_each(rows):
    expected = [SAMPLE_KEY.row_id(*row) for row in rows]
    frame = pd.DataFrame(rows)
    assert SAMPLE_KEY.row_ids(frame).tolist() == expected
    assert SAMPLE_KEY.row_ids(pd.concat([frame, frame])).tolist() == expected * 2


def test_an_id_depends_on_values_and_not_on_how_a_column_holds_them():
    frame = pd.DataFrame(
        {
            "n": [1.0, None],
            "money": [Decimal("2.50"), Decimal("3.00")],
            "day": pd.array([date(2024, 1, 1), None], dtype="date32[day][pyarrow]"),
            "whole": pd.array([7, None], dtype="Int64"),
        },
        index=[8, 9],
    )
    ids = SAMPLE_KEY.row_ids(frame)
    assert ids[8] == SAMPLE_KEY.row_id("1", 2.5, "2024-01-01", 7)
    assert ids[9] == SAMPLE_KEY.row_id(None, "3", None, None)


@given(st.binary(max_size=200), st.text(max_size=5))
def test_what_is_sealed_opens_again_and_shows_nothing(data, name):
    sealed = SAMPLE_KEY.seal(data, name=name)
    assert SAMPLE_KEY.open(sealed, name=name) == data
    assert len(data) < 8 or data not in sealed


def test_a_seal_opens_neither_changed_nor_renamed_nor_with_another_key():
    sealed = SAMPLE_KEY.seal(b"10012345678", name="b1")
    for broken in (sealed[:-1], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], b"", b"PAR1" + sealed[4:]):
        with pytest.raises(DataError, match="b1"):
            SAMPLE_KEY.open(broken, name="b1")
    with pytest.raises(DataError):
        SAMPLE_KEY.open(sealed, name="b2")
    with pytest.raises(KeyMissing) as caught:
        OTHER.open(sealed, name="b1")
    assert SAMPLE_KEY.fingerprint in caught.value.message("en") and OTHER.fingerprint in caught.value.message("en")


def test_a_key_does_not_show_itself():
    secret = b"sixteen bytes or more"
    key = Key(secret)
    assert secret.hex() not in repr(key) + key.fingerprint
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(ValueError, match="16 bytes"):
        Key(b"short")


def test_a_key_is_minted_for_an_empty_book_and_found_again(home):
    key = load_key(home, mint=True)
    assert key.minted and key.path == key_path(home) and home.root not in key.path.parents
    assert os.name == "nt" or stat.S_IMODE(key.path.stat().st_mode) == 0o600
    fill(home)
    again = load_key(home)
    assert not again.minted and again.fingerprint == key.fingerprint
    assert home_id(home) in key.path.name


def test_no_key_is_minted_beside_a_book(home):
    key = load_key(home, mint=True)
    fill(home)
    key.path.unlink()
    with pytest.raises(KeyMissing, match="CRM_KEY_FILE") as caught:
        load_key(home, mint=True)
    assert caught.value.key == "error.key_missing" and caught.value.exit_code == 3
    assert not key.path.exists()


def test_another_key_is_refused_and_both_fingerprints_are_told(home):
    key = load_key(home, mint=True)
    fill(home)
    key.path.write_text("00" * 32)
    with pytest.raises(KeyMissing) as caught:
        load_key(home)
    assert caught.value.key == "error.key_different"
    assert key.fingerprint in str(caught.value) and Key(bytes(32)).fingerprint in str(caught.value)
    key.path.write_text("not a key")
    with pytest.raises(KeyMissing) as caught:
        load_key(home)
    assert caught.value.key == "error.key_unreadable"


def test_the_key_file_may_be_named(home, monkeypatch, tmp_path):
    monkeypatch.setenv("CRM_KEY_FILE", str(tmp_path / "usb" / "my.key"))
    key = load_key(home, mint=True)
    assert key.path == tmp_path / "usb" / "my.key" and key.path.exists()


def test_the_sample_has_a_key_of_its_own_and_leaves_no_file(home):
    assert load_key(home, mint=True, sample=True) is SAMPLE_KEY
    fill(home)
    assert load_key(home) is SAMPLE_KEY
    assert not key_path(home).exists()


def test_a_book_begun_again_takes_the_key_that_lies_there(home):
    key = load_key(home, mint=True)
    (home.book / "key.fingerprint").write_text("of a book that was never published")
    assert load_key(home, mint=True).fingerprint == key.fingerprint
    fill(home)
    assert load_key(home).fingerprint == key.fingerprint
