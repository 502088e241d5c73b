"""Runs the script of a Python step: reads its tables, calls run(), writes what it returns.

Started by Atelier as `python -u runner.py TASK`, TASK being a JSON file. Standard library only, Python 3.8 or newer;
tables go through pandas with pyarrow, polars, or pyarrow, whichever is installed.
"""

import importlib.util
import inspect
import json
import linecache
import os
import signal
import sys
import threading
import traceback
import types

MARK = "\x1e"


def main(task_path):
    with open(task_path, encoding="utf-8") as file:
        task = json.load(file)
    leave_with_parent()
    sys.modules["atelier"] = helper_module()
    sys.path.insert(0, task["folder"])
    sys.path.insert(0, os.path.join(task["folder"], "src"))
    result = {"outputs": []}
    try:
        result["outputs"] = carry_out(task)
    except Refusal as refusal:
        result["error"] = str(refusal)
    except SystemExit as leave:
        if leave.code not in (None, 0):
            result["error"] = f"The script left with sys.exit({leave.code!r})."
        else:
            result["error"] = "The script left with sys.exit() before run() returned a table."
    except BaseException as error:
        result.update(described(error, task))
    sys.stdout.flush()
    with open(task["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)
    sys.exit(1 if "error" in result else 0)


class Refusal(Exception):
    """A sentence for the person, without a traceback."""


def carry_out(task):
    name, source = task["name"], task["source"]
    # The traceback shows lines of a script that is no file.
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    module = types.ModuleType("__step__")
    module.__file__ = name
    sys.modules["__step__"] = module
    exec(compile(source, name, "exec"), module.__dict__)
    run = getattr(module, "run", None)
    if not callable(run):
        raise Refusal("The script defines no function run(). Write def run(table1): and return a table.")
    library = choose(task["library"], bool(task["inputs"]))
    tables = {port: library.read(path) for port, path in task["inputs"].items()}
    made = run(*arguments(run, tables))
    made = list(made) if isinstance(made, tuple) else [made]
    if len(made) > len(task["outputs"]):
        raise Refusal(f"run() returned {len(made)} tables, but the step has {len(task['outputs'])} outputs.")
    if not made or made[0] is None:
        raise Refusal("run() returned nothing. End it with return and a table.")
    written = []
    for (port, path), table in zip(task["outputs"].items(), made):
        if table is not None:
            write(table, path, library)
            written.append(port)
    return written


def arguments(run, tables):
    """One table a parameter, in order; None where nothing is connected."""
    ports = ["table1", "table2", "table3"]
    parameters = list(inspect.signature(run).parameters.values())
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return [tables[port] for port in ports if port in tables]
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    wanted = [p for at, p in enumerate(positional) if at < len(ports)]
    return [tables.get(port) for port, _ in zip(ports, wanted)]


class Pandas:
    def __init__(self):
        import pandas

        self.pandas = pandas

    def read(self, path):
        return self.pandas.read_parquet(path)

    def build(self, rows):
        return self.pandas.DataFrame(rows)


class Polars:
    def __init__(self):
        import polars

        self.polars = polars

    def read(self, path):
        return self.polars.read_parquet(path)

    def build(self, rows):
        return self.polars.DataFrame(rows)


class PyArrow:
    def __init__(self):
        import pyarrow
        import pyarrow.parquet

        self.arrow = pyarrow

    def read(self, path):
        return self.arrow.parquet.read_table(path)

    def build(self, rows):
        made = self.arrow.Table
        return made.from_pydict(rows) if isinstance(rows, dict) else made.from_pylist(rows)


def installed(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


LIBRARIES = {"pandas": (Pandas, ("pandas", "pyarrow")), "polars": (Polars, ("polars",)), "pyarrow": (PyArrow, ("pyarrow",))}


def choose(wanted, needed):
    names = list(LIBRARIES) if wanted == "auto" else [wanted]
    for name in names:
        make, modules = LIBRARIES[name]
        if installed(*modules):
            return make()
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


def write(table, path, library):
    kind = type(table).__module__.split(".")[0]
    if isinstance(table, (list, dict)):
        if library is None:
            raise Refusal(missing(list(LIBRARIES)))
        return write(library.build(table), path, library)
    if kind == "polars" and hasattr(table, "sink_parquet"):
        return table.sink_parquet(path)
    if kind == "polars" and hasattr(table, "write_parquet"):
        return table.write_parquet(path)
    if kind == "pandas" and hasattr(table, "to_parquet"):
        if not installed("pyarrow"):
            raise Refusal(missing(["pandas"]))
        table = table.rename(columns=str)
        return table.to_parquet(path, index=False)
    if kind == "pyarrow" and hasattr(table, "schema"):
        import pyarrow.parquet

        return pyarrow.parquet.write_table(table, path)
    raise Refusal(
        f"run() returned a {type(table).__name__}. Return a table of pandas, polars or pyarrow, "
        "a dictionary of columns, or a list of rows."
    )


def described(error, task):
    """Prints the traceback from the script on, and says where it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [at for at, frame in enumerate(frames) if frame.filename == task["name"]]
    if own:
        frames = frames[own[0]:]
    lines = ["Traceback (most recent call last):\n"] if frames else []
    lines += traceback.format_list(frames) + traceback.format_exception_only(type(error), error)
    sys.stderr.write("".join(lines))
    sys.stderr.flush()
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == task["name"]), None)
    if isinstance(error, SyntaxError) and error.filename == task["name"]:
        line = error.lineno
    text = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    return {"error": text, "line": line, "raised": True}


def helper_module():
    """`import atelier` in a script: progress and metrics that show in the window."""
    module = types.ModuleType("atelier")

    def progress(fraction, message=""):
        tell({"progress": float(fraction), "message": str(message)})

    def log_metric(name, value, step=0):
        tell({"metric": str(name), "value": float(value), "step": int(step)})

    module.progress, module.log_metric = progress, log_metric
    return module


def tell(message):
    sys.__stdout__.write(f"{MARK}{json.dumps(message)}{MARK}\n")
    sys.__stdout__.flush()


def leave_with_parent():
    """Ends this process and its children when the one that started it is gone: standard input closes then."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait():
        while True:
            try:
                if not os.read(lifeline, 1024):
                    break
            except OSError:
                break
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
