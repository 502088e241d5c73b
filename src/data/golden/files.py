"""Makes the files of other programs that the tests of readers read: `python files.py` writes into `files/`.

pyarrow 25, pandas 3.1, openpyxl 3.1, pyreadstat 1.3.
"""

import datetime as d
import decimal
import pathlib

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pyreadstat

HERE = pathlib.Path(__file__).parent / "files"
D = decimal.Decimal


def parquet(name, columns, **options):
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, HERE / f"{name}.parquet", **options)


def parquets():
    parquet("decimal", {
        "amount": pa.array([D("12.50"), D("0.30"), None, D("-7.00")], pa.decimal128(10, 2)),
        "key": pa.array([D(1), D(2), D(3), D(10**17)], pa.decimal128(18, 0)),
        "y": pa.array([1.0, 2.0, 3.0, 4.0]),
    })
    parquet("zones", {
        "berlin": pa.array([d.datetime(2024, 7, 1, 10), None], pa.timestamp("us", "Europe/Berlin")),
        "fixed": pa.array([d.datetime(2024, 7, 1, 10), None], pa.timestamp("ms", "+02:00")),
        "odd": pa.array([d.datetime(2024, 7, 1, 10), None], pa.timestamp("us", "+05:30")),
        "unknown": pa.array([d.datetime(2024, 7, 1, 10), None], pa.timestamp("us", "Mars/Phobos")),
        "local": pa.array([d.datetime(2024, 7, 1, 10), None], pa.timestamp("us")),
    })
    far = [d.datetime(1500, 3, 1, 1, 2, 3), d.datetime(2900, 12, 31, 23, 59, 59, 999999), d.datetime(2024, 6, 1, 12)]
    parquet("int96", {"ts": pa.array(far, pa.timestamp("us")), "x": pa.array([1, 2, 3])},
            use_deprecated_int96_timestamps=True)
    parquet("int96_bare", {"ts": pa.array(far, pa.timestamp("us"))}, use_deprecated_int96_timestamps=True,
            store_schema=False)
    parquet("int96_nested", {"l": pa.array([[far[0]], [far[1]], []], pa.list_(pa.timestamp("us")))},
            use_deprecated_int96_timestamps=True)
    half = pa.array(np.array([1.5, 2.5, np.inf], dtype=np.float16))
    parquet("narrow", {
        "u": pa.array([2**64 - 1, 1, None], pa.uint64()), "u8": pa.array([255, 0, None], pa.uint8()),
        "i8": pa.array([-128, 127, None], pa.int8()), "f16": half, "f32": pa.array([0.1, 2.5, None], pa.float32()),
    })
    parquet("half_bare", {"f16": half}, store_schema=False)
    parquet("wide", {
        "fits": pa.array([D("123456789012345678901234567890.12"), D("-0.50"), None], pa.decimal256(60, 20)),
        "long": pa.array([D("1" * 60), D("2"), None], pa.decimal256(76, 0)),
        "short": pa.array([D("1.5"), D("2.25"), None], pa.decimal256(40, 2)),
    })
    period = pa.ExtensionArray.from_storage(Period(), pa.array([648, 649], pa.int64()))
    parquet("period", pa.table({"p": period, "x": pa.array([1, 2])}))
    ints = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int8()), pa.array([20, 10], pa.int64()))
    parquet("dictionary", {"c": pa.array(["a", "b", None]).dictionary_encode(), "i": ints, "d": pa.array([1, 2, 3])})
    parquet("nested", {
        "l": pa.array([[1, 2], [], None]), "s": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        "m": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())), "b": pa.array([b"\0\1", b"", None]),
        "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)), "h": pa.array([[1.5], [], None], pa.list_(pa.float16())),
    })
    # Parquet knows no seconds: these are written as milliseconds, and noted as seconds beside that.
    moment = d.datetime(2024, 7, 1, 10)
    parquet("seconds", {
        "t": pa.array([d.time(1, 2, 3), None], pa.time32("s")),
        "l": pa.array([[moment], []], pa.list_(pa.timestamp("s"))),
        "s": pa.array([{"a": moment, "b": d.time(1, 2, 3)}, None],
                      pa.struct([("a", pa.timestamp("s")), ("b", pa.time32("s"))])),
    })
    parquet("times", {
        "none": pa.nulls(2), "tm": pa.array([d.time(1, 2, 3, 4), None], pa.time64("us")),
        "tms": pa.array([d.time(1, 2, 3), None], pa.time32("ms")), "tns": pa.array([3723000000004, None], pa.time64("ns")),
        "du": pa.array([d.timedelta(days=1), None], pa.duration("ns")), "d": pa.array([d.date(1, 1, 1), None]),
        "d64": pa.array([d.datetime(2024, 7, 1), None], pa.date64()),
        "ns": pa.array([1719828000123456789, None], pa.timestamp("ns")),
        "s": pa.array([1719828000, None], pa.timestamp("s")), "t32": pa.array([7, None], pa.time32("s")),
    })
    parquet("doubled", pa.Table.from_arrays([pa.array([1]), pa.array(["x"]), pa.array([3.5])], names=["a", "a", ""]))
    parquet("uuid", {"id": pa.array([bytes(range(16)), None], pa.uuid())})
    parquet("json", {"j": pa.array(['{"a": 1}', None], pa.json_())})
    parquet("empty", {"x": pa.array([], pa.int64())})
    cats = lambda values: pa.array(values).dictionary_encode()
    parquet("first", {"u": pa.array([2**64 - 1, 1], pa.uint64()), "c": cats(["a", "b"]), "n": pa.array([1, 2], pa.int32())})
    parquet("second", {"n": pa.array([3_000_000_000, 4], pa.int64()), "c": cats(["z", "b"]), "u": pa.array([2, 3], pa.uint8())})


class Period(pa.ExtensionType):
    """As pandas writes columns of months."""

    def __init__(self):
        super().__init__(pa.int64(), "pandas.period")

    def __arrow_ext_serialize__(self):
        return b'{"freq": "M"}'

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()


def arrows():
    table = pa.table({
        "u": pa.array([2**64 - 1, 1, None], pa.uint64()), "f16": pa.array(np.array([1.5, 2.5, 3.5], dtype=np.float16)),
        "long": pa.array([D("1" * 60), D("-2"), None], pa.decimal256(76, 0)), "t": pa.array(["a", None, "c"]),
        "at": pa.array([d.datetime(2024, 7, 1, 10)] * 3, pa.timestamp("s", "Europe/Berlin")),
        "p": pa.ExtensionArray.from_storage(Period(), pa.array([1, 2, 3], pa.int64())),
        "c": pa.array(["x", "y", "x"]).dictionary_encode(), "amount": pa.array([D("1.50"), None, D("2.25")]),
        "month": pa.array([(1, 2, 3), None, (4, 5, 6)], pa.month_day_nano_interval()),
    })
    feather.write_feather(table, str(HERE / "types.arrow"), compression="lz4")
    with pa.ipc.new_stream(HERE / "types.arrows", table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    # Nothing but missing texts have no bytes, and missing categories the number -1.
    gaps = pd.DataFrame({
        "none": pd.array([None, None], dtype="string"), "empty": ["", ""], "c": pd.Categorical(["a", None]),
        "n": pd.Categorical([20, None]), "when": pd.Categorical(pd.to_datetime(["2024-01-01", None])), "x": [1, 2],
    })
    gaps.to_feather(HERE / "gaps.feather")
    gaps.to_feather(HERE / "gaps_zstd.feather", compression="zstd")
    doubled = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pa.ipc.new_file(HERE / "doubled.arrow", doubled.schema) as writer:
        writer.write_table(doubled)


def workbooks():
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("rows")
    sheet.append(["id", "code", "share", "day", "at", "clock", "ok", "mixed", "amount", "err", "note"])
    sheet.append([1, "00123", 0.125, d.date(2024, 2, 29), d.datetime(2024, 7, 1, 12, 30), d.time(10, 30), True, 1, 12.5, "=1/0", "x"])
    sheet.append([2, "00007", 0.5, d.date(1900, 3, 1), d.datetime(1999, 12, 31, 23, 59, 59), d.time(0, 0), False, "two", 3, None, None])
    sheet.append([])
    sheet.append([3, "NA", "n/a", None, None, None, None, None, 4.25, None, "y"])
    for row in sheet["C2:C5"]:
        row[0].number_format = "0.0%"
    sheet["J3"] = "#DIV/0!"
    sheet["J3"].data_type = "e"
    sheet["J2"] = 5
    offset = book.create_sheet("offset")
    for row in [["Report of the year", None, None], [None, None, None], [None, "a", "b"], [None, 1, 2], [None, 3, 4], [None, "sum", 6]]:
        offset.append(row)
    merged = book.create_sheet("merged")
    for row in [["a", "b"], ["x", 1], [None, 2]]:
        merged.append(row)
    merged.merge_cells("A2:A3")
    names = book.create_sheet("names only")
    names.append(["a", "b"])
    book.save(HERE / "sheets.xlsx")


def statistics():
    frame = pd.DataFrame({
        "id": [1, 2, 3], "x": [1.5, None, -2.0], "name": ["é", "", "zz"], "sex": [1, 2, 1],
        "day": [d.date(2024, 2, 29), None, d.date(1900, 1, 1)], "at": [d.datetime(2024, 7, 1, 12), d.datetime(1960, 1, 1), None],
    })
    labels = {"sex": {1: "male", 2: "female"}}
    pyreadstat.write_dta(frame, str(HERE / "people.dta"), variable_value_labels=labels)
    pyreadstat.write_sav(frame, str(HERE / "people.sav"), variable_value_labels=labels)
    pyreadstat.write_sav(frame, str(HERE / "people.zsav"), variable_value_labels=labels, compress=True)
    pyreadstat.write_xport(frame, str(HERE / "people.xpt"), file_format_version=8)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    parquets()
    arrows()
    workbooks()
    statistics()
