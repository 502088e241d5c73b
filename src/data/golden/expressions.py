"""Values of expressions by DuckDB: `python expressions.py` writes expressions.json.

Each case is computed over the same small table by DuckDB, by `data::expression` and by the SQL query
component. Where DuckDB writes a function otherwise, or none of its name exists, the second text is
what it computes. `form` is the operator of `OPERATORS` that a case shows.
"""

import datetime
import decimal
import json
import math
import pathlib

import duckdb

COLUMNS = {
    "x": ("DOUBLE", [1.7, -2.5, 0.0, None, 3.5, 2.675]),
    "y": ("DOUBLE", [0.5, 2.0, float("nan"), 1.0, None, 3.0]),
    "n": ("BIGINT", [7, -7, 3, None, 0, 1250]),
    "m": ("BIGINT", [2, 2, -2, 5, None, 3]),
    "big": ("BIGINT", [9007199254740993, -9223372036854775808, 9223372036854775807, None, 1, 9007199254740992]),
    "c": ("DECIMAL(38,2)", ["1.10", "-2.50", "0.05", None, "100.00", "2.55"]),
    "f": ("DECIMAL(38,3)", ["0.300", "1.100", "2.000", "7.125", None, "2.550"]),
    "t": ("VARCHAR", ["Abc", "b-c-d", "  x ", None, "", "héllo"]),
    "p": ("VARCHAR", ["b", "-", "x", "q", None, "l"]),
    "w": ("VARCHAR", ["12", "-1.5", " 7 ", None, "1e3", "0.25"]),
    "day": ("DATE", ["2024-01-31", "2023-12-30", "2024-02-29", None, "1969-12-31", "2000-03-05"]),
    "other": ("DATE", ["2024-01-01", "2024-01-01", None, "2024-01-01", "1970-01-02", "2000-03-05"]),
    "seen": (
        "TIMESTAMP",
        ["2024-01-31 10:00:05.25", "2023-12-30 00:00:00", "1969-12-31 23:59:59.5", None, "2024-02-29 13:05:06", "2000-03-05 00:00:01"],
    ),
    "h": ("TIME", ["13:05:00", "00:00:00", "23:59:59", None, "07:30:15", "12:00:00"]),
    "a": ("BOOLEAN", [True, False, None, True, False, None]),
    "b": ("BOOLEAN", [True, True, True, None, None, None]),
}

# Functions row by row: ours, and DuckDB's if it is written otherwise.
ROW_WISE = """
abs(n)
abs(x)
abs(c)
ceil(x)
ceil(n)
ceil(c)
floor(x)
floor(c)
round(x)
round(x, 1)
round(x, 2)
round(n, -2)
round(n, m) | case when m >= 0 then n when m < 0 then round(n, -2) end
round(c, 1)
round(f, 2)
sign(n)
sign(x)
sign(c)
sqrt(abs(x))
sqrt(n)
cbrt(x) | case when x < 0 then -pow(-x, 1.0 / 3) else pow(x, 1.0 / 3) end
pow(x, 2)
pow(m, n)
pow(n, m)
exp(x)
ln(abs(n))
ln(m)
log(abs(n), 2) | log(2, abs(n))
log(1000, 10) | 3.0
log10(abs(n))
log1p(abs(x)) | ln(1 + abs(x))
log2(abs(n))
mod(n, m)
mod(m, n + 100)
mod(x, 2)
mod(c, 1.5) | c % 1.5::decimal(38, 2)
div(n, m) | n // m
div(-7, 2) | -7 // 2
div(x, 2) | cast(trunc(x / 2) as bigint)
pi()
sin(x)
cos(x)
tan(x)
asin(x / 4)
acos(x / 4)
asin(2) | 'nan'::double
atan(x)
atan2(x, n)
degrees(x)
radians(n)
coalesce(n, m, 0)
coalesce(x, n) | coalesce(x, n::double)
coalesce(t, 'none')
coalesce(day, '2024-05-06') | coalesce(day, date '2024-05-06')
coalesce(n, c) | coalesce(n::decimal(38,2), c)
ifnull(n, 0)
ifnull(t, p)
nullif(n, 7)
nullif(t, '')
greatest(n, m)
greatest(x, y)
greatest(n, x) | greatest(n::double, x)
greatest(t, p)
greatest(day, other)
greatest(c, n) | greatest(c, n::decimal(38,2))
least(n, m, 1)
least(x, y)
least(t, p)
if(a, n, m)
if(n > 0, 'plus', t)
if(n <> 0, m // n, 0) | case when n <> 0 then m // n else 0 end
length(t)
length('👍ä')
lower(t)
upper(t)
trim(t) | trim(t)
trim(t, 'A') | trim(t, 'A')
ltrim(t)
ltrim(t, ' x')
rtrim(t)
rtrim(t, 'odc')
left(t, 2)
left(t, -1)
left(t, m)
right(t, 2)
right(t, -1)
substr(t, 2, 3)
substr(t, 2)
substr(t, 0, 3)
substr(t, -2, 1)
substr(t, -9, 3)
substr(t, m, 2)
substring(t FROM 2 FOR 2)
replace(t, p, '_')
replace(t, '', '_')
concat(t, p, n)
concat(x, ' ', a)
concat(day, ' ', h)
concat_ws('-', t, p, n)
starts_with(t, 'A')
starts_with(t, p)
ends_with(t, 'c')
contains(t, p)
strpos(t, p)
strpos(t, 'z')
strpos(t, 'l')
position('l' IN t)
regexp_like(t, '^[a-z]-') | regexp_matches(t, '^[a-z]-')
split_part(t, '-', 2)
split_part(t, '-', -1)
split_part(t, '-', 9)
split_part(t, p, 1)
lpad(t, 4, '*')
lpad(t, 5, 'xy')
lpad(t, 3)  | lpad(t, 3, ' ')
rpad(t, 4, '*')
rpad(t, 5, 'xy')
date('2024-02-29') | date '2024-02-29'
date(seen) | seen::date
date('31.01.2024', '%d.%m.%Y') | date '2024-01-31'
timestamp('2024-02-29 13:05:06') | timestamp '2024-02-29 13:05:06'
timestamp(day) | day::timestamp
time('13:05') | time '13:05:00'
date_part('year', day)
date_part('quarter', day)
date_part('month', seen)
date_part('week', day)
date_part('day', day)
date_part('dow', day)
date_part('doy', day)
date_part('hour', seen)
date_part('minute', h)
date_part('hour', day) | case when day is null then null else 0 end
extract(year FROM day)
extract(isodow FROM day)
extract(isoyear FROM day)
extract(decade FROM other)
extract(century FROM day)
extract(second FROM seen)
extract(millisecond FROM seen) | extract(milliseconds from seen)
extract(microsecond FROM seen) | extract(microseconds from seen)
extract(epoch FROM seen)
extract(epoch FROM day)
extract(day FROM day - other) | day - other
extract(epoch FROM seen - other) | epoch(seen - other::timestamp)
strftime(day, '%Y-%m')
strftime(seen, '%H:%M:%S')
strftime(day, '%d.%m.%Y')
"""

# Functions over all rows.
AGGREGATES = """
avg(n)
avg(x)
avg(c) | avg(c::double)
count(n)
count(*)
count(DISTINCT m)
sum(n)
sum(x)
sum(c)
sum(a) | sum(a::int)
min(n)
min(x)
min(y)
min(t)
min(day)
min(c)
max(n)
max(y)
max(t)
max(seen)
median(n)
median(x)
stddev(n)
stddev(x)
variance(m)
first(n)
last(n)
quantile_cont(n, 0.9)
quantile_cont(x, 0.25)
corr(n, m)
corr(x, n)
sum(n) / count(n)
"""

# Operators, each below the form that documents it.
OPERATORS = """
# x + y
n + m
n + 1
x + n
c + f
c + n
c + 0.1 | c + 0.1::decimal(38,2)
1.5 + n | 1.5::double + n
# x - y
n - m
0 - 1
x - y
c - f
n - c | n::decimal(38,2) - c
# x * y
n * m
x * n
c * 2
c * f
# x / y
n / m
7 / 2
n / 0
x / y
c / 3 | c::double / 3
# x // y
n // m
-7 // 2
7 // -2 | 7 // (-2)
# x % y
n % m
-7 % 2
x % m
c % f
# -x
-n
-x
-c
-(n + m)
# x = y
n = 7
n = 7.0
n = x | n::double = x
big = 9007199254740992.0 | big = 9007199254740992
big = 9007199254740993
t = 'Abc'
t = p
x = y
y = y
day = '2024-01-31'
day = other
seen = '2023-12-30'
seen = day
h = '13:05'
a = b
a = true
c = 1.1
c = f
c = 100
c < x | c::double < x
n = NULL
# x <> y
n <> 7
n != m
t <> 'x'
day <> '2024-01-31'
# x < y
n < m
n < 2.5
big < 9007199254740992.5 | big < 9007199254740993
day < '2024-01-01'
seen < '2024-01-31 10:00:05.25'
t < 'b'
x < y
# x <= y
n <= 3
c <= 2.55
day <= other
h <= '12:00'
# x > y
n > m
y > 1e308 | y > 1e308
x > 0
big > 9007199254740992.0 | big > 9007199254740992
# x >= y
n >= 7
other >= day
# x BETWEEN y AND z
n BETWEEN 1 AND 7
n BETWEEN m AND 1000
n NOT BETWEEN 1 AND 7
n BETWEEN NULL AND 0
day BETWEEN '2024-01-01' AND '2024-12-31'
t BETWEEN 'a' AND 'c'
c BETWEEN 0.05 AND 1.1
# x IN (y, z)
n IN (7, 3)
n IN (7)
n IN (7, NULL)
n IN (7.0, 3.5) | n::double in (7.0, 3.5)
n IN (m, 7)
big IN (9007199254740993, 1)
t IN ('Abc', 'héllo')
t IN ('Abc', NULL)
t IN (p, 'Abc')
day IN ('2024-01-31', '2000-03-05')
day IN ('2024-01-31')
day IN (other, '2024-01-31') | day in (other, date '2024-01-31')
seen IN ('2023-12-30', '2000-03-05 00:00:01')
h IN ('13:05', '12:00')
c IN (1.1, 2.55)
x IN (1.7, 2)
a IN (true)
NULL IN (1, 2)
CASE WHEN t IN ('Abc', 'x') THEN 1 ELSE 0 END
# x NOT IN (y, z)
n NOT IN (7, 3)
n NOT IN (7, NULL)
t NOT IN ('Abc', 'b-c-d')
day NOT IN ('2024-01-31', '2000-03-05')
NOT n IN (7, 3)
NULL NOT IN (1)
# text LIKE 'a_c%'
t LIKE 'A%'
t LIKE '%l_o'
t LIKE 'Abc'
t LIKE ''
t LIKE '%'
t NOT LIKE '%-%'
t LIKE '%!%%' ESCAPE '!'
'a%c' LIKE 'a!%c' ESCAPE '!'
t LIKE p || '%'
# text ILIKE 'a_c%'
t ILIKE 'a_C'
t NOT ILIKE 'a%'
# text ~ 'a.*c'
t ~ '-.*d' | regexp_matches(t, '-.*d')
t !~ 'b' | not regexp_matches(t, 'b')
# x IS NULL
n IS NULL
y IS NULL
(n + m) IS NULL
# x IS NOT NULL
t IS NOT NULL
# x IS TRUE
a IS TRUE
a IS NOT TRUE
a IS FALSE
a IS NOT FALSE
# x IS DISTINCT FROM y
n IS DISTINCT FROM 7
n IS DISTINCT FROM NULL
n IS NOT DISTINCT FROM m
t IS NOT DISTINCT FROM NULL
# a AND b
a AND b
a AND n > 0
n <> 0 AND m // n >= 0 | case when n <> 0 then m // n >= 0 else n <> 0 end
a AND NULL
# a OR b
a OR b
n IS NULL OR n > 5
n = 0 OR m // n > 0 | case when n = 0 then true else m // n > 0 end
# NOT a
NOT a
NOT (n > 0)
# text || text
t || p
t || n
'x' || t || '!'
# CASE WHEN a THEN x ELSE y END
CASE WHEN n > 0 THEN 'plus' WHEN n < 0 THEN 'minus' ELSE 'none' END
CASE WHEN n <> 0 THEN m // n END
CASE WHEN n IS NULL THEN -1 WHEN n = 0 THEN 0 ELSE 100 % n END
CASE WHEN a THEN n ELSE x END | CASE WHEN a THEN n::double ELSE x END
CASE WHEN a THEN day ELSE '2020-01-01' END | CASE WHEN a THEN day ELSE date '2020-01-01' END
CASE WHEN a THEN c ELSE 0.5 END | CASE WHEN a THEN c ELSE 0.5::decimal(38,2) END
# CASE x WHEN y THEN z END
CASE n WHEN 7 THEN 'seven' WHEN -7 THEN 'minus seven' END
CASE t WHEN 'Abc' THEN 1 WHEN p THEN 2 ELSE 3 END
CASE day WHEN '2024-01-31' THEN 1 ELSE 0 END
# CAST(x AS BIGINT)
CAST(x AS BIGINT)
CAST(2.5::DOUBLE AS BIGINT)
CAST(c AS BIGINT)
CAST(w AS DOUBLE)
CAST(n AS DOUBLE)
CAST(n AS TEXT)
CAST(x AS TEXT)
CAST(c AS TEXT)
CAST(a AS TEXT)
CAST(a AS BIGINT)
CAST(n AS BOOLEAN)
CAST(day AS TEXT)
CAST(seen AS TEXT)
CAST(h AS TEXT)
CAST(seen AS DATE)
CAST(day AS TIMESTAMP)
CAST(seen AS TIME)
CAST('2024-01-31' AS DATE)
CAST(x AS DECIMAL(18, 1))
CAST(w AS DECIMAL(18, 2)) | CAST(CAST(w AS DOUBLE) AS DECIMAL(18,2))
CAST(c AS DECIMAL(18, 1))
CAST('yes' AS BOOLEAN)
# TRY_CAST(x AS DATE)
TRY_CAST(t AS BIGINT)
TRY_CAST(w AS BIGINT)
TRY_CAST(t AS DATE)
TRY_CAST('2024-02-30' AS DATE)
TRY_CAST(1e300 AS BIGINT)
# x::TEXT
n::TEXT
w::DOUBLE
# DATE '2024-01-31'
DATE '2024-01-31'
TIMESTAMP '2024-01-31 10:00:00'
TIME '10:00:00'
day = DATE '2024-01-31'
# day + INTERVAL '1 month'
day + INTERVAL '1 month' | (day + interval '1 month')::date
day - INTERVAL '1 month' | (day - interval '1 month')::date
day + INTERVAL '1 year' | (day + interval '1 year')::date
seen + INTERVAL '2 hours 30 minutes' | seen + interval '2 hours' + interval '30 minutes'
seen - INTERVAL '1 day'
day + 1
day - 31
# day - other_day
day - other | (day - other) * 86400000000
seen - other | epoch_us(seen - other::timestamp)
seen - seen | case when seen is null then null else 0 end
"""


def written(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "nan" if math.isnan(value) else repr(value)
    if isinstance(value, datetime.datetime):
        text = value.strftime("%Y-%m-%d %H:%M:%S")
        return text + (f".{value.microsecond:06}".rstrip("0") if value.microsecond else "")
    if isinstance(value, datetime.time):
        text = value.strftime("%H:%M:%S")
        return text + (f".{value.microsecond:06}".rstrip("0") if value.microsecond else "")
    if isinstance(value, (int, str, datetime.date, decimal.Decimal)):
        return str(value)
    raise TypeError(f"{value!r}")


def cases(text):
    form = None
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("# "):
            form = line[2:]
            continue
        # A single bar parts the two; a double one is an operator.
        ours, _, theirs = line.replace("||", "\0").partition("|")
        ours, theirs = (part.replace("\0", "||").strip() for part in (ours, theirs))
        yield form, ours, theirs or ours


def filled_connection():
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
    connection.execute(f"CREATE TABLE t (row_number INT, {columns})")
    for row in range(6):
        values = [row] + [values[row] for _, values in COLUMNS.values()]
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(values))})", values)
    return connection


def main():
    connection = filled_connection()
    found = []
    for text, aggregate in ((ROW_WISE, False), (AGGREGATES, True), (OPERATORS, False)):
        for form, ours, theirs in cases(text):
            query = f"SELECT {theirs} FROM t" + ("" if aggregate else " ORDER BY row_number")
            if aggregate:
                query = f"SELECT {theirs} FROM (SELECT * FROM t ORDER BY row_number) t"
            try:
                values = [written(row[0]) for row in connection.execute(query).fetchall()]
            except Exception as error:
                raise SystemExit(f"{ours}: {error}")
            found.append({"form": form, "expression": ours, "values": values})
    table = {
        name: {"type": kind, "values": [None if value is None else written(value) if not isinstance(value, str) else value for value in values]}
        for name, (kind, values) in COLUMNS.items()
    }
    target = pathlib.Path(__file__).with_name("expressions.json")
    lines = ",\n".join("    " + json.dumps(case, ensure_ascii=False) for case in found)
    head = json.dumps(table, ensure_ascii=False)
    target.write_text(f'{{\n  "made_with": "DuckDB {duckdb.__version__}",\n  "table": {head},\n  "cases": [\n{lines}\n  ]\n}}\n')
    print(len(found), "cases")


if __name__ == "__main__":
    main()
