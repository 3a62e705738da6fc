"""Where queries run: one Ibis backend, and the few expressions in which engines differ."""

from datetime import date, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from crmlib.errors import SettingsError


def open_engine(url: str = "duckdb://", *, memory_limit: str | None = None, threads: int | None = None) -> Any:
    """An Ibis backend: "duckdb://" in memory (the default), "postgres://…", "spark://local[2]".

    DuckDB is kept from the network: it installs and loads nothing by itself.
    """
    scheme = url.partition("://")[0]
    if scheme == "duckdb":
        config: dict[str, Any] = {"autoinstall_known_extensions": False}
        if memory_limit:
            config["memory_limit"] = memory_limit
        if threads:
            config["threads"] = threads
        backend = ibis.duckdb.connect(**config)
        backend.raw_sql("SET TimeZone='UTC'")  # the book's moments are naive local time
        backend.raw_sql("SET enable_progress_bar=false")
        return backend
    if scheme in ("postgres", "postgresql"):
        return ibis.connect(url)
    if scheme == "spark":
        from pyspark.sql import SparkSession

        session = (
            SparkSession.builder.master(url.partition("://")[2] or "local[2]")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        return ibis.pyspark.connect(session)
    raise SettingsError("error.engine_unknown", url=url)


def safe_divide(numerator: ir.NumericValue, denominator: ir.NumericValue) -> ir.FloatingValue:
    """A float quotient; missing where the denominator is 0."""
    return numerator.cast("float64") / denominator.nullif(0).cast("float64")


def money(value: ir.NumericValue) -> ir.DecimalValue:
    """Sums and products of decimals lose or widen their scale from engine to engine; money has one type."""
    return value.cast("decimal(18,2)")


def count_of(value: ir.NumericValue) -> ir.IntegerValue:
    """Sums of integers are wider on some engines; a count is an int64."""
    return value.cast("int64")


def days_between(earlier: ir.DateValue, later: ir.DateValue | date) -> ir.IntegerValue:
    """Whole days from `earlier` to `later`."""
    later = ibis.date(later) if isinstance(later, date) else later
    return later.delta(earlier, unit="day").cast("int64")


def moment(day: date) -> ir.TimestampScalar:
    """The first moment of a day."""
    return ibis.literal(datetime(day.year, day.month, day.day), type="timestamp(6)")


def within(rows: ir.Table, when: str, *, start: date, as_of: date) -> ir.Table:
    """The rows whose day, or moment, `when` lies in [start, as_of)."""
    day = rows[when].cast("date")
    return rows.filter((day >= start) & (day < as_of))


def is_midnight(moment: ir.TimestampValue) -> ir.BooleanValue:
    """Midnight to the second is how exports write a day without a time."""
    return (moment.hour() == 0) & (moment.minute() == 0) & (moment.second() == 0)


def hours_between(earlier: ir.TimestampValue, later: ir.TimestampValue) -> ir.FloatingValue:
    return later.delta(earlier, unit="second").cast("float64") / 3600


def month_number(day: ir.DateValue) -> ir.IntegerValue:
    """Months since year 0, so that months can be subtracted."""
    return (day.year().cast("int64") * 12 + day.month().cast("int64") - 1).cast("int64")


def read_frame(expr: ir.Table) -> pd.DataFrame:
    """The rows of an expression, run where its tables are, in the kit's pandas types."""
    return to_frame(expr.to_pyarrow())


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Arrow → pandas: money and days stay Arrow, whole numbers and truth values are nullable, floats are rounded to 10 digits."""
    frame = table.to_pandas(types_mapper=_pandas_type)
    floats = frame.select_dtypes("float").columns
    return frame.assign(**{column: frame[column].round(10) for column in floats})


def _pandas_type(kind: pa.DataType) -> Any:
    if pa.types.is_decimal(kind) or pa.types.is_date(kind):
        return pd.ArrowDtype(kind)
    return {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get(kind)
