"""The vault: personal values, sealed a batch at a time. It only stores; what is personal is decided elsewhere."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from crmlib.errors import DataError
from crmlib.home import Home, write_whole
from crmlib.keys import Key

_NAME = re.compile(r"[\w.-]+")


def seal_batch(home: Home, batch_id: str, table: pa.Table, key: Key) -> Path:
    """One Parquet, made in memory and sealed whole, in data/vault/<batch_id>.sealed; no plain byte reaches the disk."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    sealed = key.seal(sink.getvalue().to_pybytes(), name=batch_id)
    path = _path(home, batch_id)
    write_whole(path, sealed)
    return path


def open_batch(home: Home, batch_id: str, key: Key) -> pa.Table:
    """What was sealed. KeyMissing with another key, DataError where the file is gone, damaged or not the one it is named."""
    path = _path(home, batch_id)
    if not path.is_file():
        raise DataError("error.vault_missing", name=batch_id, path=path)
    return pq.read_table(pa.BufferReader(key.open(path.read_bytes(), name=batch_id)))


def list_batches(home: Home) -> list[str]:
    """The ids of every sealed batch."""
    return sorted(path.name.removesuffix(".sealed") for path in home.vault.glob("*.sealed"))


def _path(home: Home, batch_id: str) -> Path:
    if not _NAME.fullmatch(batch_id) or batch_id.startswith("."):
        raise ValueError(f"not a batch id: {batch_id!r}")
    return home.vault / f"{batch_id}.sealed"
