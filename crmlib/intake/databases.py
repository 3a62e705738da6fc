"""A table of a database becomes a file: its rows as text, written by the database itself, in a snapshot that is then read."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from crmlib.errors import DataError
from crmlib.inputs import Input
from crmlib.intake.typed import ZONE

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite",
}
ROWS = 20_000  # fetched at a time
NAMED = 60  # tables an error names
_SESSION = {
    "datestyle": "ISO,YMD",
    "intervalstyle": "postgres",
    "timezone": ZONE,
    "default_transaction_read_only": "on",
}


@contextmanager
def table_input(url: str, *, table: str) -> Iterator[Input]:
    """A table or view ("customers", "sales.customers") as an Input, for as long as the block lasts.

    Rows stand in the order of the primary key. Each value is the text to which the database casts it: decimals exact,
    days in ISO form, moments with a zone in ours. Nothing that is kept names the user or holds the password.
    Raises DataError where the database is not reached or has no such table; the message lists those it has.
    """
    address = _address(url)
    with TemporaryDirectory(prefix="crm-") as folder:
        target = Path(folder, "table.parquet")
        try:
            with _engine(address).connect() as connection:
                schema, name = _find(sa.inspect(connection), table, _public(address))
                _snapshot(connection, schema, name, target)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, UnicodeError) as error:
            detail = str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:300]
            if address.password:
                detail = detail.replace(str(address.password), "***")
            raise DataError("error.database", database=_public(address), detail=detail) from None
        shown = f"{schema}.{name}" if schema else name
        yield Input(target, f"{_public(address)}#{shown}", Path(address.database or "").stem or "inbox")


def _address(url: str) -> sa.URL:
    try:
        address = sa.make_url(url)
        driver = DRIVERS[address.drivername.partition("+")[0]]
    except (sa.exc.ArgumentError, KeyError, ValueError):
        raise DataError("error.database_url", scheme=url.partition("://")[0], known=" ".join(DRIVERS)) from None
    return address.set(drivername=driver)


def _public(address: sa.URL) -> str:
    """Where the database is, without who asks."""
    if address.get_backend_name() == "sqlite":
        return f"sqlite:///{Path(address.database or '').name}"
    port = f":{address.port}" if address.port else ""
    return f"{address.get_backend_name()}://{address.host or ''}{port}/{address.database or ''}"


def _engine(address: sa.URL) -> sa.Engine:
    kind = address.get_backend_name()
    if kind == "sqlite":
        path = Path(address.database or "")
        if not path.is_file():
            raise DataError("error.file_missing", path=path)
        where = f"file:{quote(str(path.absolute()))}?mode=ro"
        return sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(where, uri=True), poolclass=sa.NullPool)
    told: dict[str, object] = {"connect_timeout": 15}
    if kind == "postgresql":  # its password may also come from PGPASSWORD or ~/.pgpass, which its own library reads
        told |= {"client_encoding": "utf8", "options": " ".join(f"-c {key}={value}" for key, value in _SESSION.items())}
    elif address.password is None and (password := os.environ.get("MYSQL_PWD")):
        told |= {"password": password}
    return sa.create_engine(address, connect_args=told, poolclass=sa.NullPool)


def _find(inspector: sa.Inspector, table: str, database: str) -> tuple[str | None, str]:
    schema, _, name = table.rpartition(".")
    for where, wanted in ((None, table), (schema, name)):
        if wanted and where != "" and wanted in _tables(inspector, where):
            return where, wanted
    known = _tables(inspector, None)
    shown = " ".join(known[:NAMED]) + (" …" if len(known) > NAMED else "") or "–"
    if not table:
        raise DataError("error.database_which", database=database, tables=shown)
    near = get_close_matches(table, known, n=1, cutoff=0)
    raise DataError("error.database_table", database=database, table=table, near=(near or ["–"])[0], tables=shown)


def _tables(inspector: sa.Inspector, schema: str | None) -> list[str]:
    names = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
    if inspector.dialect.name == "postgresql":
        names |= {*inspector.get_materialized_view_names(schema)}
    return sorted(names)


def _snapshot(connection: sa.Connection, schema: str | None, name: str, target: Path) -> None:
    everything = sa.select(sa.text("*")).select_from(sa.table(name, schema=schema)).limit(0)
    names = list(connection.execute(everything).keys())
    table = sa.table(name, *map(sa.column, names), schema=schema)
    key = sa.inspect(connection).get_pk_constraint(name, schema)["constrained_columns"]
    query = sa.select(*(sa.cast(column, sa.String) for column in table.c)).order_by(*(table.c[one] for one in key))
    form = pa.schema([(one, pa.large_string()) for one in names])
    with pq.ParquetWriter(target, form, compression="zstd") as writer:
        for rows in connection.execution_options(stream_results=True).execute(query).partitions(ROWS):
            columns = [pa.array(cells, pa.large_string()) for cells in zip(*rows, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=form))
