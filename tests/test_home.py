"""A home's files are put in their place whole, and nothing is written over."""

import pytest

from crmlib.home import free_place, write_whole


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    write_whole(tmp_path / "a" / "b.txt", b"one")
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError):
        write_whole(tmp_path / "a" / "b.txt", b"two")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"one"


def test_what_lies_in_a_place_already_stays_there(tmp_path):
    names = []
    for _ in range(3):
        place = free_place(tmp_path / "2024-06")
        place.mkdir()
        names.append(place.name)
    assert names == ["2024-06", "2024-06-2", "2024-06-3"]
