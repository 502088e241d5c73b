"""How tables cross the border between Atelier and a script: exactly, or with a sentence that names the column.

Written beside the runner as `atelier_tables.py`. Standard library only, Python 3.8 or newer; tables go through pandas
with pyarrow, polars, or pyarrow, whichever is installed.
"""

import importlib.util
import io
import sys

from atelier_columns import ENUM_VALUES, enum_values, from_pandas, write_arrow
from atelier_values import Refusal, plain_array, unstorable


class Border:
    """What one call of run() takes in and gives back, and what has to be said about it."""

    def __init__(self):
        # The type with which a column came, by its name: what is all missing on the way back takes it again.
        self.came = {}
        # The order of the values of a category, by its column's name.
        self.orders = {}
        # Sentences for the log.
        self.notes = []

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)


def installed(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


# pandas' own types of whole numbers with gaps, by Arrow's names.
NULLABLE = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}Dtype" for sign in ("", "u") for bits in (8, 16, 32, 64)}


class Pandas:
    """Columns are numpy where numpy loses nothing, else pandas' nullable or Arrow-backed types."""

    def __init__(self, border):
        import pandas
        import pyarrow
        import pyarrow.parquet

        self.pandas, self.arrow, self.border = pandas, pyarrow, border

    def read(self, path):
        # Not read_table: that takes folders named a=1 on the way for columns.
        table = self.arrow.parquet.ParquetFile(path).read()
        remember(table.schema, self.border)
        columns = {field.name: self.series(field, table.column(at)) for at, field in enumerate(table.schema)}
        index = self.pandas.RangeIndex(table.num_rows)
        return self.pandas.DataFrame(columns, index=index, copy=False)

    def series(self, field, column):
        pandas, types, kind = self.pandas, self.arrow.types, field.type
        values = None
        if types.is_null(kind):
            values = pandas.Series([None] * len(column), dtype=object)
        elif types.is_integer(kind) and column.null_count:
            masked = getattr(pandas, NULLABLE[str(kind)])
            values = pandas.Series(masked().__from_arrow__(column))
        elif types.is_boolean(kind) and column.null_count:
            values = pandas.Series(pandas.BooleanDtype().__from_arrow__(column))
        elif types.is_dictionary(kind):
            values = self.category(field, column)
        elif self.needs_arrow(kind, column):
            values = self.backed(column)
        if values is None:
            if types.is_fixed_size_binary(kind) or str(kind) == "string_view":
                column = column.cast(self.arrow.large_string() if str(kind) == "string_view" else self.arrow.binary())
            values = column.to_pandas()
        values.index = pandas.RangeIndex(len(values))
        values.name = field.name
        return values

    def category(self, field, column):
        order = self.border.orders.get(field.name)
        if order is None:
            return column.to_pandas()
        texts = column.cast(self.arrow.large_string()).to_pandas()
        return self.pandas.Series(self.pandas.Categorical(texts, categories=order, ordered=True))

    def needs_arrow(self, kind, column):
        """Whether pandas' own type for this column would lose something."""
        types = self.arrow.types
        if types.is_floating(kind):
            return holds_nan(self.arrow, column)
        if types.is_timestamp(kind) or types.is_duration(kind):
            return self.out_of_range(kind, column)
        exact = (types.is_date, types.is_time, types.is_decimal, types.is_nested)
        return any(test(kind) for test in exact)

    def out_of_range(self, kind, column):
        """Whether moments lie outside of what pandas counts: its oldest number means "missing", before pandas 2 it
        knew nanoseconds alone."""
        import pyarrow.compute

        extremes = pyarrow.compute.min_max(column.cast(self.arrow.int64()))
        low, high = extremes["min"].as_py(), extremes["max"].as_py()
        if low is None:
            return False
        lowest = -(2**63)
        if int(self.pandas.__version__.split(".")[0]) < 2:
            factor = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[kind.unit]
            return low * factor <= lowest or high * factor >= 2**63
        return low == lowest

    def backed(self, column):
        """Arrow-backed values, if this pandas knows them (1.5 and later)."""
        if not hasattr(self.pandas, "ArrowDtype"):
            return None
        column = narrowed(self.arrow, column)
        dtype = self.pandas.ArrowDtype(column.type)
        return self.pandas.Series(dtype.__from_arrow__(column))

    def build(self, rows):
        """Plain Python values stay what they are until their types are decided, exactly."""
        if isinstance(rows, dict):
            keep = lambda value: self.pandas.Series(value, dtype=object) if isinstance(value, (list, tuple)) else value
            return self.pandas.DataFrame({name: keep(value) for name, value in rows.items()})
        return self.pandas.DataFrame(rows, dtype=object)


class Polars:
    def __init__(self, border):
        import polars

        self.polars, self.border = polars, border

    def read(self, path):
        frame = self.polars.read_parquet(path, hive_partitioning=False, glob=False)
        for name, dtype in frame.schema.items():
            self.border.came.setdefault(("polars", name), dtype)
        return frame

    def build(self, rows):
        return self.polars.DataFrame(rows)


class PyArrow:
    def __init__(self, border):
        import pyarrow
        import pyarrow.parquet

        self.arrow, self.border = pyarrow, border

    def read(self, path):
        table = self.arrow.parquet.ParquetFile(path).read()
        remember(table.schema, self.border)
        return table

    def build(self, rows):
        made = {}
        if isinstance(rows, dict):
            made = {name: list(value) if isinstance(value, (list, tuple, range)) else value for name, value in rows.items()}
        else:
            names = list(dict.fromkeys(name for row in rows for name in row))
            made = {name: [row.get(name) for row in rows] for name in names}
        arrays = [
            plain_array(self.arrow, value, name) if isinstance(value, list) else self.arrow.array(value)
            for name, value in made.items()
        ]
        return self.arrow.table(arrays, names=[str(name) for name in made])


LIBRARIES = {"pandas": (Pandas, ("pandas", "pyarrow")), "polars": (Polars, ("polars",)), "pyarrow": (PyArrow, ("pyarrow",))}


def choose(wanted, needed, border):
    names = list(LIBRARIES) if wanted == "auto" else [wanted]
    for name in names:
        make, modules = LIBRARIES[name]
        if installed(*modules):
            return make(border)
    if not needed:
        return None
    raise Refusal(missing(names))


def missing(names):
    if len(names) > 1:
        what, packages = "pandas with pyarrow, polars, or pyarrow", "polars"
    else:
        packages = " ".join(LIBRARIES[names[0]][1])
        what = " and ".join(LIBRARIES[names[0]][1])
    return f"Python cannot read tables without {what}. Install it: {sys.executable} -m pip install {packages}"


def remember(schema, border):
    """The types with which the columns came, and the orders of their categories."""
    for field in schema:
        border.came.setdefault(field.name, field.type)
        values = (field.metadata or {}).get(ENUM_VALUES)
        if values is not None:
            border.orders.setdefault(field.name, enum_values(values))


def holds_nan(arrow, column):
    import pyarrow.compute

    if arrow.types.is_float16(column.type):
        column = column.cast(arrow.float32())
    return bool(pyarrow.compute.any(pyarrow.compute.is_nan(column)).as_py())


def narrowed(arrow, column):
    """A decimal column in 18 digits if its numbers need no more: Arrow reckons in 38 at most, and a product of two
    columns of 38 digits would fail whatever they hold."""
    if not (arrow.types.is_decimal128(column.type) and column.type.precision > 18 >= column.type.scale):
        return column
    try:
        return column.cast(arrow.decimal128(18, column.type.scale))
    except arrow.ArrowInvalid:
        return column


def write(table, path, library, border):
    """Writes what run() returned as Parquet."""
    if isinstance(table, (list, dict)):
        if library is None:
            raise Refusal(missing(list(LIBRARIES)))
        return write(library.build(table), path, library, border)
    pandas, polars, arrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if polars and isinstance(table, (polars.DataFrame, polars.LazyFrame)):
        return write_polars(polars, table, path, border)
    if pandas and isinstance(table, pandas.DataFrame):
        if not installed("pyarrow"):
            raise Refusal(missing(["pandas"]))
        import pyarrow

        return write_arrow(pyarrow, from_pandas(pandas, pyarrow, table, border), path, border)
    if arrow and isinstance(table, arrow.Table):
        return write_arrow(arrow, table, path, border)
    if hasattr(table, "__arrow_c_stream__") and not is_series(table) and installed("pyarrow"):
        import pyarrow

        return write_arrow(pyarrow, pyarrow.table(table), path, border)
    hint = " Return table.to_frame() to make it a table." if is_series(table) else ""
    raise Refusal(
        f"run() returned a {type(table).__name__}. Return a table of pandas, polars or pyarrow, "
        f"a dictionary of columns, or a list of rows.{hint}"
    )


def is_series(value):
    return type(value).__name__ in ("Series", "ChunkedArray", "Array")


def write_polars(polars, table, path, border):
    schema = table.collect_schema() if hasattr(table, "collect_schema") else table.schema
    casts = []
    for name, dtype in schema.items():
        if dtype == polars.Object:
            raise Refusal(unstorable(name, "Python objects"))
        came = border.came.get(("polars", name))
        if dtype == polars.Null and came is not None:
            casts.append(polars.col(name).cast(came))
        elif dtype == getattr(polars, "Float16", None):
            casts.append(polars.col(name).cast(polars.Float32))
    if casts:
        table = table.with_columns(casts)
    try:
        return table.sink_parquet(path) if isinstance(table, polars.LazyFrame) else table.write_parquet(path)
    except Exception as error:
        frame = table.collect() if isinstance(table, polars.LazyFrame) else table
        for series in frame.get_columns():
            try:
                series.to_frame().write_parquet(io.BytesIO())
            except Exception as cause:
                raise Refusal(unstorable(series.name, f"values of the type {series.dtype}", cause)) from error
        raise
