"""Makes files as several programs write them, reads each by `atelier data add`, DuckDB and pandas, and lists where they
differ.

    python read_same.py PROGRAM [FILES] [SEED]

PROGRAM is the path of `atelier`; 500 files are made unless told otherwise. What was written is known, so each
difference is somebody's fault: ours ends the script with status 1, a peer's must be one of `KNOWN`, with its reason.
"""

import csv
import datetime
import decimal
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
from collections import Counter

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

# Where a peer does not give what was written, and why; the key is the peer and the kind of column, `*` for all kinds.
KNOWN = {
    ("pandas", "id"): "whole numbers with a gap become floats, which hold 53 bits",
    ("pandas", "long"): "more than 64 bits beside a gap become floats",
    ("pandas", "zip"): "leading zeros are taken for decoration, and lost",
    ("pandas", "code"): "codes of digits lose their zeros",
    ("pandas", "serial"): "an E among digits is taken for an exponent",
    ("pandas", "grouped"): "marks between thousands are not read unless named",
    ("pandas", "comma"): "the decimal comma is not read unless named",
    ("pandas", "day_first"): "dates are left as texts unless named",
    ("pandas", "month_named"): "dates are left as texts unless named",
    ("pandas", "money"): "money is left as a text",
    ("pandas", "percent"): "per cent is left as a text",
    ("pandas", "null_word"): "null is missing, in quotes too",
    ("pandas", "text"): "words such as NA, null and None are missing even in quotes, and texts of digits are numbers",
    ("pandas", "moment"): "times are left as texts in CSV, or numbers of milliseconds in JSON",
    ("pandas", "day"): "dates in JSON are guessed by the name of the column",
    ("pandas", "zoned"): "times are left as texts",
    ("pandas", "real"): "the fast parser of floats is off by the last bit",
    ("pandas", "flag"): "booleans with a gap become texts or floats",
    ("pandas", "whole"): "long whole numbers with a gap become floats",
    ("duckdb", "long"): "whole numbers of more than 64 bits become floats",
    ("duckdb", "code"): "codes of digits lose their zeros",
    ("duckdb", "serial"): "an E among digits is taken for an exponent",
    ("duckdb", "grouped"): "marks between thousands are not read unless named",
    ("duckdb", "comma"): "the decimal comma is not read unless named",
    ("duckdb", "money"): "money is left as a text",
    ("duckdb", "percent"): "per cent is left as a text",
    ("duckdb", "month_named"): "months by name are left as texts",
    ("duckdb", "day_first"): "the order of days and months is guessed once for all columns",
    ("duckdb", "zip"): "leading zeros are taken for decoration, and lost",
    ("duckdb", "text"): "empty texts in quotes are missing, and texts of digits are numbers",
    ("duckdb", "zoned"): "times with an offset become local times",
    ("duckdb", "flag"): "booleans beside a gap may be left as texts",
    ("duckdb", "id"): "whole numbers in JSON beside others become floats",
    ("duckdb", "day"): "dates of the years before 1000 are left as texts",
    ("atelier", "null_word"): "a bare null is the word of most databases for missing; the import says what it took for it",
    ("pandas", "file"): "UTF-16, lines before the table and a separator other than the comma have to be named",
    ("duckdb", "file"): "a layout that its sniffer does not take, such as UTF-16",
}

MISSING = object()
WORDS = ["rose", "Zoë", "a,b", 'say "hi"', "two\nlines", "semi;colon", "tab\there", " spaced ", "NA", "null", "None",
         "nan", "true", "#1", "=1+1", "x", "12 Main St", "Łódź", "\\n", "'quoted'", "日本"]


def whole(chance):
    return chance.choice([chance.randint(-99, 99), chance.randint(-10**12, 10**12)])


def day(chance):
    return datetime.date(1900, 1, 1) + datetime.timedelta(days=chance.randint(0, 90_000))


def moment(chance):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=chance.randint(0, 2 * 10**15))


def cents(chance):
    return decimal.Decimal(chance.randint(-10**8, 10**8)).scaleb(-2)


# Each kind of column: what makes a value, and what one is written as (the value itself where that is plain).
KINDS = {
    "whole": (whole, None),
    "id": (lambda chance: chance.randint(10**16, 9 * 10**18), None),
    "real": (lambda chance: chance.choice([chance.uniform(-1, 1), chance.gauss(0, 1e6), 0.5, 1e300]), None),
    "text": (lambda chance: chance.choice(WORDS), None),
    "flag": (lambda chance: chance.random() < 0.5, None),
    "day": (day, None),
    "moment": (moment, None),
    "zoned": (lambda chance: moment(chance).replace(tzinfo=datetime.timezone.utc), None),
    "zip": (lambda chance: f"{chance.randint(0, 99_999):05}", None),
    "long": (lambda chance: str(chance.randint(10**20, 10**24)), None),
    "code": (lambda chance: f"0{chance.randint(0, 99):02}.{chance.randint(0, 9)}", None),
    "serial": (lambda chance: f"{chance.randint(1, 99)}E{chance.randint(400, 9999)}", None),
    # Written otherwise than their values; in delimited text only.
    "grouped": (cents, lambda value: f"{value:,}"),
    "comma": (cents, lambda value: str(value).replace(".", ",")),
    "money": (cents, lambda value: f"${value}".replace("$-", "-$")),
    "percent": (cents, lambda value: f"{value}%"),
    "day_first": (day, lambda value: value.strftime("%d/%m/") + f"{value.year:04}"),
    "month_named": (day, lambda value: f"{value.day:02}-{value:%b}-{value.year:04}"),
}
PLAIN = [kind for kind, (_, written) in KINDS.items() if written is None]
# First rows that leave no doubt about a column.
CLEAR = {
    "zip": "00123", "code": "001.5", "flag": True, "real": 0.25, "text": "rose", "day_first": datetime.date(1999, 12, 31),
    "grouped": decimal.Decimal("1234567.25"), "comma": decimal.Decimal("7.05"), "moment": datetime.datetime(2000, 1, 2, 3, 4, 5),
}


class Table:
    """Columns of known values."""

    def __init__(self, chance, kinds):
        self.names = [f"{kind}_{at}" for at, kind in enumerate(kinds)]
        self.kinds = dict(zip(self.names, kinds))
        rows = chance.randint(1, 30)
        self.columns = {}
        for name, kind in self.kinds.items():
            make, _ = KINDS[kind]
            gap = chance.choice([0, 0.3])
            values = [MISSING if chance.random() < gap else make(chance) for _ in range(rows)]
            self.columns[name] = [CLEAR.get(kind, make(chance))] + values
        self.rows = rows + 1
        # Where all is in quotes, nothing and an empty text are written alike.
        self.missing = {None}

    def plain(self):
        return {name: [None if value is MISSING else value for value in values] for name, values in self.columns.items()}

    def written(self, missing):
        """Rows of texts, as a program that knows no types would write them."""
        for at in range(self.rows):
            yield [self.cell(name, at, missing) for name in self.names]

    def cell(self, name, at, missing):
        value, (_, written) = self.columns[name][at], KINDS[self.kinds[name]]
        if value is MISSING:
            return missing
        return written(value) if written else plain_text(value)


def plain_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return repr(value) if isinstance(value, float) else str(value)


def by_csv_module(chance, table, path):
    dialect = {
        "delimiter": chance.choice(",;\t|"),
        "lineterminator": chance.choice(["\n", "\r\n"]),
        "quoting": chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
    if "comma" in table.kinds.values() or "grouped" in table.kinds.values():
        dialect["delimiter"] = ";" if "comma" in table.kinds.values() else "|"
    table.missing = {None, ""} if dialect["quoting"] == csv.QUOTE_ALL else {None}
    encoding = chance.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    with path.open("w", encoding=encoding, newline="") as out:
        if chance.random() < 0.2:
            out.write("A report\n\n")
        writer = csv.writer(out, **dialect)
        writer.writerow(table.names)
        writer.writerows(table.written(""))


def by_pandas(chance, table, path):
    frame = pandas.DataFrame({name: pandas.Series(values, dtype=object) for name, values in table.plain().items()})
    if path.suffix == ".csv":
        return frame.to_csv(path, index=False)
    if path.suffix == ".parquet":
        return frame.to_parquet(path)
    lines = chance.random() < 0.5
    return frame.to_json(path, orient="records", lines=lines, date_format="iso", date_unit="us", double_precision=15)


def polars_frame(table):
    return polars.DataFrame(table.plain(), strict=False)


def by_polars(chance, table, path):
    frame = polars_frame(table)
    if path.suffix == ".csv":
        return frame.write_csv(path)
    if path.suffix == ".parquet":
        return frame.write_parquet(path)
    return frame.write_ndjson(path)


def by_duckdb(chance, table, path):
    frame = polars_frame(table).to_arrow()  # noqa: F841, named in the query
    options = {".csv": "(FORMAT csv, HEADER)", ".parquet": "(FORMAT parquet)"}.get(path.suffix)
    options = options or chance.choice(["(FORMAT json)", "(FORMAT json, ARRAY true)"])
    duckdb.sql("SELECT * FROM frame").to_arrow_table()
    duckdb.execute(f"COPY frame TO '{path}' {options}")


def by_json_module(chance, table, path):
    def value(cell):
        return cell if isinstance(cell, (bool, int, float, str)) or cell is None else plain_text(cell)

    columns = table.plain()
    rows = [{name: value(columns[name][at]) for name in table.names} for at in range(table.rows)]
    path.write_text(json.dumps(rows, indent=chance.choice([None, 2]), ensure_ascii=chance.random() < 0.5), "utf-8")


WRITERS = {
    ".csv": [by_csv_module, by_csv_module, by_pandas, by_polars, by_duckdb],
    ".json": [by_json_module, by_polars, by_duckdb],
    ".parquet": [by_polars, by_pandas, by_duckdb],
}


def make(chance, folder, number):
    suffix = chance.choice([".csv", ".csv", ".json", ".parquet"])
    writer = chance.choice(WRITERS[suffix])
    kinds = PLAIN if writer is not by_csv_module else list(KINDS)
    chosen = ["whole"] + [chance.choice(kinds) for _ in range(chance.randint(1, 6))]
    if "comma" in chosen:
        # One file has one decimal mark.
        chosen = [kind for kind in chosen if kind not in ("real", "grouped", "money", "percent", "code")]
    table = Table(chance, chosen)
    path = folder / f"{number}{suffix}"
    writer(chance, table, path)
    return table, path, writer.__name__


def by_atelier(program, workspace, path):
    name = f"d{path.stem}"
    out = path.with_name(f"{name}.out.parquet")
    for words in (["add", name, str(path)], ["export", name, str(out)]):
        done = subprocess.run([program, "data", *words, "--workspace", workspace], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
    return pyarrow.parquet.read_table(out).to_pydict()


def read_duckdb(path):
    read = {".csv": "read_csv", ".json": "read_json", ".parquet": "read_parquet"}[path.suffix]
    duckdb.execute("SET TimeZone = 'UTC'")
    return duckdb.sql(f"SELECT * FROM {read}('{path}')").to_arrow_table().to_pydict()


def read_pandas(path):
    if path.suffix == ".parquet":
        frame = pandas.read_parquet(path)
    elif path.suffix == ".csv":
        frame = pandas.read_csv(path)
    else:
        lines = not path.read_text("utf-8").lstrip().startswith("[")
        frame = pandas.read_json(path, lines=lines)
    return {name: list(frame[name]) for name in frame.columns}


def is_missing(value):
    if value is None or value is MISSING or value is pandas.NaT or value is pandas.NA:
        return True
    return isinstance(value, float) and math.isnan(value)


def canonical(value):
    """A value without its type: equal texts, numbers and moments are the same."""
    if is_missing(value):
        return None
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()
        return value.isoformat()
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "true" if value else "false"
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, decimal.Decimal):
        return canonical(float(value))
    return str(value)


def same(kind, expected, found, missing):
    if is_missing(expected):
        return canonical(found) in missing
    if kind in ("moment", "zoned") and isinstance(found, str):
        # A moment left as a text loses nothing.
        try:
            found = datetime.datetime.fromisoformat(found)
        except ValueError:
            return False
    if kind == "day" and isinstance(found, datetime.datetime):
        found = found.isoformat().removesuffix("T00:00:00")
    left, right = canonical(expected), canonical(found)
    if kind == "flag" and right in ("1", "0", "True", "False"):
        right = "true" if right in ("1", "True") else "false"
    if left is not None and right is not None and kind in ("real", "grouped", "comma", "money", "percent"):
        try:
            return float(left) == float(right)
        except ValueError:
            return False
    return left == right


def differences(table, found):
    """Pairs of a kind and a sentence."""
    if list(found) != table.names:
        yield "file", f"columns {list(found)}"
        return
    for name, values in table.columns.items():
        if len(found[name]) != table.rows:
            yield "file", f"{len(found[name])} rows in place of {table.rows}"
            return
        for row, (expected, value) in enumerate(zip(values, found[name])):
            if not same(table.kinds[name], expected, value, table.missing):
                kind = "null_word" if expected == "null" and is_missing(value) else table.kinds[name]
                yield kind, f"row {row} of {name}: {canonical(expected)!r} was read as {value!r}"
                break


def tried(table, read, path):
    try:
        return list(differences(table, read(path)))
    except Exception as error:  # noqa: BLE001, a peer may fail in any way
        return [("file", f"not read: {str(error).splitlines()[0] if str(error) else type(error).__name__}")]


def main(program, count=500, seed=1):
    faults, peers = [], Counter()
    with tempfile.TemporaryDirectory() as name:
        folder, workspace = pathlib.Path(name), str(pathlib.Path(name) / "workspace")
        subprocess.run([program, "new", workspace], check=True, capture_output=True)
        for number in range(count):
            table, path, writer = make(random.Random(seed * 1_000_003 + number), folder, number)
            where = f"file {number} by {writer} ({path.suffix})"
            readers = {
                "atelier": lambda path: by_atelier(program, workspace, path),
                "duckdb": read_duckdb,
                "pandas": read_pandas,
            }
            for reader, read in readers.items():
                for kind, what in tried(table, read, path):
                    peers[reader, kind] += 1
                    if (reader, kind) not in KNOWN:
                        faults.append(f"{where}: {reader} differs in a way that is not listed: {what}")
    for (peer, kind), times in sorted(peers.items()):
        print(f"{peer:8} {kind:12} {times:4} times: {KNOWN.get((peer, kind), 'not listed')}")
    print(f"{count} files, {len(faults)} faults")
    print("\n".join(faults[:60]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
