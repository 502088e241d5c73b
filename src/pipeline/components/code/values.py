"""Python's own values as columns: of one kind each, with every digit, or refused in a sentence.

Written beside the runner as `atelier_values.py`.
"""

import sys


class Refusal(Exception):
    """A sentence for the person, without a traceback."""


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def quoted(name):
    return f"“{name}”"


def refuse_names(names):
    """Names become columns' names; two equal ones would hide each other."""
    seen = set()
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise Refusal(f"The name of column {name!a} holds half of a character. Rename it before you return it.")
        if name in seen:
            raise Refusal(
                f"Two columns are called {quoted(name)}. Rename one of them before you return the table."
            )
        seen.add(name)


def unstorable(name, what, cause=None):
    why = f" ({first_line(cause)})" if cause is not None else ""
    return (
        f"Column {quoted(name)} holds {what} that a table cannot store{why}. "
        "Turn them into numbers, texts or dates, or drop the column, before you return the table."
    )


def group_of(kind):
    """The kind of value that a Python type holds, in words."""
    import datetime
    import decimal

    name = f"{kind.__module__}.{kind.__name__}"
    if issubclass(kind, bool) or name in ("numpy.bool_", "numpy.bool"):
        return "booleans"
    if issubclass(kind, int) and not is_enum(kind) or is_numpy(kind, "integer"):
        return "whole numbers"
    if issubclass(kind, float) or is_numpy(kind, "floating"):
        return "real numbers"
    for parents, group in (
        (decimal.Decimal, "decimals"),
        (datetime.datetime, "dates with times"),
        (datetime.date, "dates"),
        (datetime.time, "times of day"),
        (datetime.timedelta, "durations"),
        ((bytes, bytearray, memoryview), "bytes"),
        (dict, "dictionaries"),
        ((list, tuple), "lists"),
    ):
        if issubclass(kind, parents) and not is_enum(kind):
            return group
    if issubclass(kind, str) and not is_enum(kind):
        return "texts"
    if is_numpy(kind, "datetime64"):
        return "dates with times"
    if is_numpy(kind, "timedelta64"):
        return "durations"
    if name == "numpy.ndarray" or name.endswith(".Series"):
        return "lists"
    return f"values of the type {kind.__name__}"


def is_numpy(kind, family):
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, getattr(numpy, family))


def is_enum(kind):
    import enum

    return issubclass(kind, enum.Enum)


STORABLE = {
    "booleans",
    "whole numbers",
    "real numbers",
    "decimals",
    "dates with times",
    "dates",
    "times of day",
    "durations",
    "bytes",
    "dictionaries",
    "lists",
    "texts",
}
NESTED = {"dictionaries", "lists"}
# Of these the second holds every value of the first, or says that it does not.
TOGETHER = [{"whole numbers", "real numbers"}, {"whole numbers", "decimals"}]


def is_missing(value):
    """None, NaN, pandas' NA and NaT."""
    if value is None:
        return True
    kind = type(value)
    if kind.__name__ in ("NAType", "NaTType"):
        return True
    if kind.__name__ in ("datetime64", "timedelta64"):
        return str(value) == "NaT"
    if hasattr(value, "is_nan"):
        return value.is_nan()
    return group_of(kind) == "real numbers" and bool(value != value)


def doubtful(kinds):
    """Those Python types some of whose values mean that nothing is there."""
    named = ("NoneType", "NAType", "NaTType", "datetime64", "timedelta64")
    return {kind for kind in kinds if kind.__name__ in named or group_of(kind) in ("real numbers", "decimals")}


def groups_in(values):
    """Each kind of value among `values` with the place of its first one."""
    # Looking at types first is many times faster, and in most columns says it all.
    kinds = set(map(type, values))
    unsure = doubtful(kinds)
    known = {kind: group_of(kind) for kind in kinds}
    if len({known[kind] for kind in kinds - unsure}) == 1 and unsure <= {type(None)}:
        return {known[kind]: 0 for kind in kinds - unsure}
    found = {}
    for at, value in enumerate(values):
        kind = type(value)
        if known[kind] not in found and not (kind in unsure and is_missing(value)):
            found[known[kind]] = at
    return found


def with_none(values):
    """The same values, with None for those that are missing."""
    unsure = doubtful(set(map(type, values))) - {type(None)}
    if not unsure:
        return values
    if unsure == {float}:
        # NaN alone differs from itself.
        return [None if value != value else value for value in values]
    return [None if type(value) in unsure and is_missing(value) else value for value in values]


def plain_array(arrow, values, name):
    """An Arrow array of Python's own values, which are of one kind."""
    try:
        groups = one_kind(values, name)
        if groups == {"real numbers"} or groups == {"real numbers", "whole numbers"}:
            return real_array(arrow, values, name)
        if groups == {"whole numbers"}:
            return whole_array(arrow, values, name)
        if groups == {"dates with times"} or groups == {"durations"}:
            return moment_array(arrow, values, name)
        values = with_none(values) if groups else [None] * len(values)
        if groups == {"texts"}:
            return arrow.array(values, arrow.large_string())
        return nested_array(arrow, values) if groups <= NESTED else arrow.array(values, from_pandas=True)
    except UnicodeEncodeError as error:
        row = next(at for at, value in enumerate(values) if isinstance(value, str) and broken(value))
        raise Refusal(
            f"Row {row + 1} of column {quoted(name)} holds half of a character, {values[row]!a}, which no text can "
            "store. Repair it before you return the table."
        ) from error
    except (arrow.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise Refusal(unstorable(name, "values", error)) from error


def nested_array(arrow, values):
    """Inside of lists NaN stays a number, unless pandas' own sign for what is missing stands there."""
    try:
        return arrow.array(values)
    except (arrow.ArrowException, TypeError, ValueError):
        return arrow.array(values, from_pandas=True)


def broken(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def one_kind(values, name, inside=""):
    """The kinds of `values`, refused where a column cannot hold them together, also inside of lists."""
    found = groups_in(values)
    groups = set(found)
    foreign = groups - STORABLE
    if foreign:
        what = sorted(foreign)[0]
        raise Refusal(
            f"Column {quoted(name)} holds {what}{inside}, which a table cannot store. Turn them into texts with "
            f"table[{name!r}].astype(str), or drop the column, before you return the table."
        )
    if len(groups) > 1 and groups not in TOGETHER:
        first, second = sorted(groups, key=found.get)[:2]
        row = "" if inside else f" (row {found[second] + 1} holds {shown(values[found[second]])})"
        raise Refusal(
            f"Column {quoted(name)} mixes {first} and {second}{inside}{row}. Give it one type before you return the "
            f"table, such as texts with table[{name!r}].astype(str)."
        )
    if groups == {"dates with times"}:
        one_zone(values, name)
    if groups == {"times of day"} and any(getattr(value, "tzinfo", None) is not None for value in values):
        raise Refusal(f"Column {quoted(name)} holds times of day with a time zone. Take it off with replace(tzinfo=None).")
    if groups == {"lists"}:
        one_kind([item for value in values if not is_missing(value) for item in list(value)], name, " in its lists")
    if groups == {"dictionaries"}:
        rows = [value for value in values if isinstance(value, dict)]
        for key in dict.fromkeys(key for row in rows for key in row):
            one_kind([row.get(key) for row in rows], name, f" under {key!r}")
    return groups


def one_zone(values, name):
    zones = {str(value.tzinfo) if value.tzinfo else "" for value in values if hasattr(value, "tzinfo") and not is_missing(value)}
    zones |= {"" for value in values if type(value).__name__ == "datetime64"}
    if len(zones) < 2:
        return
    if "" in zones:
        raise Refusal(
            f"Column {quoted(name)} mixes times with a time zone and times without one. Give all of them one, such as "
            "with tz_localize, before you return the table."
        )
    first, second = sorted(zones)[:2]
    raise Refusal(
        f"Column {quoted(name)} mixes the time zones {first} and {second}. Choose one for all, such as "
        f"pandas.to_datetime(table[{name!r}], utc=True), before you return the table."
    )


def shown(value):
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def real_array(arrow, values, name):
    numbers = []
    for at, value in enumerate(with_none(values)):
        if value is None:
            numbers.append(None)
            continue
        number = float(value)
        if number != value:
            raise Refusal(
                f"Column {quoted(name)} mixes real numbers with the whole number {value} (row {at + 1}), whose digits "
                f"a real number cannot hold. Give it one type, such as texts with table[{name!r}].astype(str)."
            )
        numbers.append(number)
    return arrow.array(numbers, arrow.float64())


def whole_array(arrow, values, name):
    numbers = [None if value is None else int(value) for value in with_none(values)]
    known = [number for number in numbers if number is not None]
    if not known or (min(known) >= -(2**63) and max(known) < 2**63):
        return arrow.array(numbers, arrow.int64())
    if max(known) < 10**38 and min(known) > -(10**38):
        from decimal import Decimal

        return arrow.array([None if number is None else Decimal(number) for number in numbers], arrow.decimal128(38, 0))
    raise Refusal(
        f"Column {quoted(name)} holds whole numbers of more than 38 digits, which a table cannot store. "
        f"Turn them into texts with table[{name!r}].astype(str)."
    )


def moment_array(arrow, values, name):
    values = with_none(values)
    array = arrow.array(values, from_pandas=True)
    fine = any(getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0) for value in values)
    if fine and array.type.unit != "ns":
        # Arrow would cut the nanoseconds off without a word.
        exact = arrow.timestamp("ns", array.type.tz) if arrow.types.is_timestamp(array.type) else arrow.duration("ns")
        return arrow.array(values, exact, from_pandas=True)
    return array
