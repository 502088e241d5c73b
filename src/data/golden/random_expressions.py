"""Random expressions with their values by DuckDB: `python random_expressions.py COUNT SEED OUT.json`.

`ATELIER_EXPRESSIONS=OUT.json cargo test -p data --lib random_expressions -- --ignored` holds ours against them.
Texts that DuckDB refuses are written with its reason.
"""

import json
import random
import sys

from expressions import filled_connection, written

ORDERS = ["=", "<>", "<", "<=", ">", ">="]


def pick(*makers):
    return random.choice(makers)()


def whole(depth):
    if depth <= 0 or random.random() < 0.25:
        return random.choice(["n", "m", "n", "m", "1", "2", "-3", "0", "10", "NULL"])
    w, d = whole, depth - 1
    return pick(
        lambda: f"({w(d)} {random.choice('+-*')} {w(d)})",
        lambda: f"({w(d)} {random.choice(['//', '%'])} nullif({w(d)}, 0))",
        lambda: f"(CASE WHEN {w(0)} <> 0 THEN 100 // {random.choice('nm')} ELSE {w(d)} END)",
        lambda: f"(CASE WHEN {truth(d)} THEN {w(d)} ELSE {w(d)} END)",
        lambda: f"{random.choice(['coalesce', 'nullif', 'greatest', 'least'])}({w(d)}, {w(d)})",
        lambda: f"abs({w(d)})",
        lambda: f"(-{random.choice('nm')})",
        lambda: f"length({text(d)})",
        lambda: f"strpos({text(d)}, {text(0)})",
        lambda: f"extract({random.choice(['year', 'month', 'day', 'quarter', 'dow', 'doy', 'week'])} FROM {day(d)})",
        lambda: f"CAST({real(d)} AS BIGINT)",
        lambda: f"CAST({truth(d)} AS BIGINT)",
    )


def real(depth):
    if depth <= 0:
        return random.choice(["x", "y", "1.5::DOUBLE", "0.25::DOUBLE", "(-2.0)::DOUBLE"])
    r, d = real, depth - 1
    return pick(
        lambda: f"({r(d)} {random.choice('+-*')} {random.choice([whole, real])(d)})",
        lambda: f"({whole(d)} / nullif({whole(d)}, 0))",
        lambda: f"{random.choice(['floor', 'ceil', 'abs', 'sqrt', 'exp'])}({r(0)})",
        lambda: f"round({r(d)}, {random.randint(0, 3)})",
        lambda: f"{random.choice(['coalesce', 'greatest', 'least'])}({r(d)}, {r(d)})",
        lambda: r(0),
    )


def text(depth):
    if depth <= 0:
        return random.choice(["t", "p", "w", "'b'", "''", "'x y'", "'L'"])
    t, d = text, depth - 1
    return pick(
        lambda: f"{random.choice(['upper', 'lower', 'trim'])}({t(d)})",
        lambda: f"({t(d)} || {random.choice([text, whole])(d)})",
        lambda: f"{random.choice(['left', 'right'])}({t(d)}, {random.randint(-3, 4)})",
        lambda: f"substr({t(d)}, {random.randint(-4, 5)}, {random.randint(-2, 4)})",
        lambda: f"replace({t(d)}, {t(0)}, {t(0)})",
        lambda: f"concat({t(d)}, {random.choice([text, whole, day])(d)})",
        lambda: f"coalesce({t(d)}, {t(0)})",
        lambda: f"(CASE WHEN {truth(d)} THEN {t(d)} ELSE {t(0)} END)",
        lambda: f"split_part({t(d)}, '-', {random.randint(-2, 3)})",
        lambda: f"{random.choice(['lpad', 'rpad'])}({t(d)}, {random.randint(0, 7)}, 'ab')",
        lambda: f"CAST({random.choice([whole, day, truth])(d)} AS TEXT)",
    )


def day(depth):
    if depth <= 0:
        return random.choice(["day", "other", "CAST(seen AS DATE)", "DATE '2024-02-29'"])
    return pick(
        lambda: f"({day(depth - 1)} + {random.randint(-400, 400)})",
        lambda: f"coalesce({day(depth - 1)}, {day(0)})",
        lambda: f"(CASE WHEN {truth(depth - 1)} THEN {day(0)} ELSE {day(0)} END)",
    )


def truth(depth):
    order = random.choice(ORDERS)
    if depth <= 0:
        return random.choice(
            ["a", "b", "n > 0", "t IS NULL", f"n {order} m", f"x {order} y", f"t {order} p", f"day {order} other"]
            + [f"day {order} '2024-01-01'", f"seen {order} '2024-01-31 10:00'", f"c {order} f", f"c {order} n"]
        )
    b, d = truth, depth - 1
    return pick(
        lambda: f"({b(d)} {random.choice(['AND', 'OR'])} {b(d)})",
        lambda: f"(NOT {b(d)})",
        lambda: f"({whole(d)} {order} {random.choice([whole, real])(d)})",
        lambda: f"({text(d)} {order} {text(d)})",
        lambda: f"({day(d)} {order} {day(d)})",
        lambda: f"({whole(d)} {random.choice(['IN', 'NOT IN'])} ({whole(0)}, {whole(0)}, {whole(0)}))",
        lambda: f"({text(d)} {random.choice(['IN', 'NOT IN'])} ('Abc', 'x y', {text(0)}))",
        lambda: f"({text(d)} {random.choice(['IN', 'NOT IN'])} ('b', NULL))",
        lambda: f"({day(d)} {random.choice(['IN', 'NOT IN'])} ('2024-01-31', '2000-03-05'))",
        lambda: f"({text(d)} {random.choice(['LIKE', 'NOT LIKE', 'ILIKE'])} '{random.choice(['%b%', '_b_', 'A%', '%', '%-%d', 'x_y'])}')",
        lambda: f"({whole(d)} {random.choice(['BETWEEN', 'NOT BETWEEN'])} {whole(d)} AND {whole(d)})",
        lambda: f"({day(d)} BETWEEN '2024-01-01' AND {day(d)})",
        lambda: f"({random.choice([whole, text, day])(d)} IS {random.choice(['', 'NOT '])}NULL)",
        lambda: f"({whole(d)} IS {random.choice(['', 'NOT '])}DISTINCT FROM {whole(d)})",
        lambda: f"({b(d)} IS {random.choice(['', 'NOT '])}{random.choice(['TRUE', 'FALSE'])})",
    )


def main():
    count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    random.seed(seed)
    connection = filled_connection()
    cases = []
    for _ in range(count):
        expression = random.choice([whole, real, text, day, truth])(random.randint(1, 4))
        try:
            rows = connection.execute(f"SELECT {expression} FROM t ORDER BY row_number").fetchall()
            cases.append({"expression": expression, "values": [written(row[0]) for row in rows]})
        except Exception as error:
            cases.append({"expression": expression, "refused": str(error).splitlines()[0]})
    with open(out, "w") as file:
        json.dump(cases, file, ensure_ascii=False, indent=0)
    print(len(cases), "cases,", sum("refused" in case for case in cases), "refused by DuckDB")


main()
