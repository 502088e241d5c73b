"""Columns of Arrow and of pandas in the types that a table stores: the same values, or a sentence.

Written beside the runner as `atelier_columns.py`.
"""

import io
import re

from atelier_values import Refusal, plain_array, quoted, refuse_names, unstorable

# Where polars writes the values of an enumeration, in their order.
ENUM_VALUES = b"_PL_ENUM_VALUES2"


def enum_values(encoded):
    """polars writes an enumeration as `length;value` over and over, lengths in bytes."""
    values, at = [], 0
    while at < len(encoded):
        end = encoded.index(b";", at)
        length = int(encoded[at:end])
        values.append(encoded[end + 1 : end + 1 + length].decode())
        at = end + 1 + length
    return values


def encoded_values(values):
    parts = [value.encode() for value in values]
    return b"".join(str(len(part)).encode() + b";" + part for part in parts)


def write_arrow(arrow, table, path, border):
    import pyarrow.parquet

    refuse_names(table.column_names)
    fields, columns = [], []
    for at, field in enumerate(table.schema):
        column, field = stored(arrow, table.column(at), field, border)
        columns.append(column)
        fields.append(field)
    made = arrow.Table.from_arrays(columns, schema=arrow.schema(fields))
    try:
        pyarrow.parquet.write_table(made, path, version="2.6")
    except arrow.ArrowException as error:
        for at, field in enumerate(fields):
            try:
                pyarrow.parquet.write_table(made.select([at]), io.BytesIO(), version="2.6")
            except arrow.ArrowException as cause:
                raise Refusal(unstorable(field.name, f"values of the type {field.type}", cause)) from error
        raise


def stored(arrow, column, field, border):
    """A column as a table can store it, and its field."""
    name, metadata = field.name, {}
    came = border.came.get(name)
    if isinstance(column.type, arrow.BaseExtensionType):
        column = without_extension(arrow, column, name)
    if column.type.__class__.__name__ == "RunEndEncodedType":
        import pyarrow.compute

        column = pyarrow.compute.run_end_decode(column)
    wanted = target(arrow, column.type, name, border)
    if came is not None and arrow.types.is_null(wanted):
        # All is missing: any type holds that, so it keeps the one that it came with.
        wanted = target(arrow, came, name, border)
    if came is not None and is_wider_decimal(arrow, came, wanted):
        wanted = came
    if wanted != column.type:
        column = cast(arrow, column, wanted, name)
    if arrow.types.is_dictionary(wanted) and wanted.ordered:
        column = column.unify_dictionaries()
        order = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
        # An order that came in is kept whole: a Parquet file knows only the values that occur.
        declared = (field.metadata or {}).get(ENUM_VALUES)
        known = enum_values(declared) if declared else []
        order = known if set(order) <= set(known) else order
        if order and None not in order:
            metadata = {ENUM_VALUES: encoded_values(order)}
    return column, arrow.field(name, wanted, metadata=metadata or None)


def is_wider_decimal(arrow, came, now):
    is_decimal = arrow.types.is_decimal128
    return is_decimal(came) and is_decimal(now) and came.scale == now.scale and came.precision > now.precision


def cast(arrow, column, wanted, name):
    try:
        # Arrow 25 makes invalid lists of views by itself.
        if "list_view" in str(column.type):
            return arrow.chunked_array([arrow.array(column.to_pylist(), wanted)])
        return column.cast(wanted)
    except arrow.ArrowException as error:
        raise Refusal(unstorable(name, f"values of the type {column.type}", error)) from error


def without_extension(arrow, column, name):
    kind = column.type
    known = getattr(kind, "extension_name", "")
    if known == "arrow.uuid":
        import uuid

        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return arrow.chunked_array([arrow.array(texts, arrow.string())])
    if known.startswith("pandas."):
        raise Refusal(unstorable(name, "periods" if known == "pandas.period" else "intervals"))
    return arrow.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)


def target(arrow, kind, name, border):
    """The type in which a table stores values of `kind`. Same values, never fewer digits."""
    types = arrow.types
    within = lambda inner: target(arrow, inner, name, border)
    text = str(kind)
    if types.is_float16(kind):
        return arrow.float32()
    if types.is_timestamp(kind):
        return arrow.timestamp(kind.unit, zone(kind.tz, name, border))
    if types.is_date64(kind):
        return arrow.date32()
    if types.is_decimal(kind):
        if not types.is_decimal128(kind):
            return arrow.decimal128(min(kind.precision, 38), kind.scale)
        return kind
    if text in ("string_view", "binary_view"):
        return arrow.large_string() if text == "string_view" else arrow.large_binary()
    if types.is_fixed_size_binary(kind):
        return arrow.large_binary()
    if types.is_dictionary(kind):
        value = kind.value_type
        if types.is_string(value) or types.is_large_string(value):
            return kind
        return arrow.large_string() if str(value) == "string_view" else within(value)
    if types.is_map(kind):
        pair = [arrow.field("key", within(kind.key_type)), arrow.field("value", within(kind.item_type))]
        return arrow.list_(arrow.struct(pair))
    if types.is_large_list(kind) or text.startswith("large_list_view"):
        return arrow.large_list(field_of(arrow, kind.value_field, within))
    if types.is_list(kind) or types.is_fixed_size_list(kind) or text.startswith("list_view"):
        return arrow.list_(field_of(arrow, kind.value_field, within))
    if types.is_struct(kind):
        inner = [kind.field(at) for at in range(kind.num_fields)]
        if not inner or len({field.name for field in inner}) < len(inner):
            what = "structures without fields" if not inner else "structures with two fields of one name"
            raise Refusal(unstorable(name, what))
        return arrow.struct([field_of(arrow, field, within) for field in inner])
    if types.is_union(kind) or text.startswith("month_day_nano") or isinstance(kind, arrow.BaseExtensionType):
        raise Refusal(unstorable(name, f"values of the type {kind}"))
    return kind


def field_of(arrow, field, within):
    return arrow.field(field.name, within(field.type), field.nullable)


OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")


def zone(name, column, border):
    """A time zone by its name in the time zone database, which is what tables store; a difference of whole hours has a
    name there as well, and local times stay what they are."""
    found = OFFSET.match(name or "")
    if not found:
        return name
    sign, hours, minutes = found.group(1), int(found.group(2)), int(found.group(3))
    if hours == 0 and minutes == 0:
        return "UTC"
    if minutes == 0 and hours <= (14 if sign == "+" else 12):
        # POSIX counts westwards.
        return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    border.note(
        f"Column {quoted(column)} has times at {name} from UTC, which no time zone stands for. They are stored in UTC: "
        "the same moments, with other hours."
    )
    return "UTC"


def from_pandas(pandas, arrow, frame, border):
    if isinstance(frame.columns, pandas.MultiIndex):
        raise Refusal(
            f"The columns have names of {frame.columns.nlevels} levels, such as {frame.columns[0]!r}. Give each one "
            "name before you return the table: table.columns = ['_'.join(map(str, name)) for name in table.columns]"
            if len(frame.columns)
            else "The columns have names of several levels. Give each one name before you return the table."
        )
    names = [str(name) for name in frame.columns]
    refuse_names(names)
    columns = [(name, frame.iloc[:, at]) for at, name in enumerate(names)]
    columns = index_columns(pandas, frame, names, border) + columns
    arrays = [arrow_of(pandas, arrow, series, name, border) for name, series in columns]
    return arrow.Table.from_arrays(arrays, names=[name for name, _ in columns])


def index_columns(pandas, frame, names, border):
    """The levels of the index that have a name, as columns. Labels without a name that are more than numbers are said
    to be lost."""
    index, kept = frame.index, []
    for level in range(index.nlevels):
        labels, values = index.names[level], index.get_level_values(level)
        if labels is None:
            if not pandas.api.types.is_integer_dtype(values.dtype) and len(values):
                shown = ", ".join(str(value) for value in list(values[:2])) + (", …" if len(values) > 2 else "")
                border.note(
                    f"The rows’ labels ({shown}) have no name and were dropped. "
                    "To keep them, return table.reset_index()."
                )
            continue
        name = str(labels)
        series = pandas.Series(values, index=index)
        if name in names:
            if not series.reset_index(drop=True).equals(frame.iloc[:, names.index(name)].reset_index(drop=True)):
                border.note(f"The index {quoted(name)} was dropped, as there is a column of that name with other values.")
            continue
        border.note(f"The index {quoted(name)} became a column.")
        kept.append((name, series))
    return kept


def arrow_of(pandas, arrow, series, name, border):
    dtype = series.dtype
    if isinstance(dtype, pandas.SparseDtype):
        series, dtype = series.sparse.to_dense(), series.dtype.subtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return category_of(pandas, arrow, series, name, border)
    if isinstance(dtype, pandas.PeriodDtype):
        raise Refusal(
            f"Column {quoted(name)} holds periods, which a table cannot store. Turn them into dates with "
            f"table[{name!r}].dt.to_timestamp(), or into texts with astype(str)."
        )
    if isinstance(dtype, pandas.IntervalDtype):
        raise Refusal(
            f"Column {quoted(name)} holds intervals, which a table cannot store. Turn them into texts with "
            f"table[{name!r}].astype(str), or keep one end of each."
        )
    if getattr(dtype, "kind", "") == "c":
        raise Refusal(
            f"Column {quoted(name)} holds complex numbers, which a table cannot store. Store their parts: "
            f"numpy.real(table[{name!r}]) and numpy.imag(table[{name!r}])."
        )
    if getattr(dtype, "name", "") in ("longdouble", "float128", "float96"):
        raise Refusal(
            f"Column {quoted(name)} holds numbers of more than 64 bits, which a table cannot store. "
            f"Turn them into 64 bits with table[{name!r}].astype(float)."
        )
    if dtype == object:
        return plain_array(arrow, series.tolist(), name)
    try:
        array = arrow.array(series, from_pandas=True)
    except (arrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise Refusal(unstorable(name, f"values of the type {dtype}", error)) from error
    return array.combine_chunks() if isinstance(array, arrow.ChunkedArray) else array


def category_of(pandas, arrow, series, name, border):
    values, codes = series.cat.categories, series.cat.codes.to_numpy()
    absent = codes < 0
    at = arrow.array(codes.astype("int32"), mask=absent)
    if any(isinstance(values.dtype, kind) for kind in (pandas.IntervalDtype, pandas.PeriodDtype)):
        # What pandas.cut makes: its intervals are labels.
        border.note(f"The categories of column {quoted(name)} are stored as texts, such as “{values[0]}”.")
        values = values.astype(str)
    if not len(values):
        return arrow.nulls(len(series))
    labels = plain_array(arrow, list(values), name) if values.dtype == object else arrow.array(values, from_pandas=True)
    labels = labels.combine_chunks() if isinstance(labels, arrow.ChunkedArray) else labels
    if not (arrow.types.is_string(labels.type) or arrow.types.is_large_string(labels.type)):
        # Numbers and dates stay what they are; only texts are categories of a table.
        return labels.take(at)
    return arrow.DictionaryArray.from_arrays(at, labels, ordered=bool(series.cat.ordered))
