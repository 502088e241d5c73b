"""Runs the script of a Python step: reads its tables, calls run(), writes what it returns.

Started by Atelier as `python -u runner.py TASK`, TASK being a JSON file. Standard library only, Python 3.8 or newer;
the modules `atelier_…` beside it read and write the tables.
"""

import inspect
import json
import linecache
import math
import os
import re
import signal
import sys
import threading
import traceback
import types

from atelier_tables import Border, choose, write
from atelier_values import Refusal

MARK = "\x1e"


def main(task_path):
    with open(task_path, encoding="utf-8") as file:
        task = json.load(file)
    leave_with_parent()
    sys.modules["atelier"] = helper_module()
    sys.path.insert(0, task["folder"])
    sys.path.insert(0, os.path.join(task["folder"], "src"))
    result = result_of(task)
    sys.stdout.flush()
    with open(task["result"], "w", encoding="utf-8") as file:
        file.write(as_json(result))
    sys.exit(1 if "error" in result else 0)


def result_of(task):
    """What became of a task: the outputs that were written, or the error, and what is to be said."""
    result, border = {"outputs": []}, Border()
    try:
        result["outputs"] = carry_out(task, border)
    except Refusal as refusal:
        result["error"] = str(refusal)
    except SystemExit as leave:
        if leave.code not in (None, 0):
            result["error"] = f"The script left with sys.exit({leave.code!r})."
        else:
            result["error"] = "The script left with sys.exit() before run() returned a table."
    except BaseException as error:
        result.update(described(error, task))
    result["notes"] = border.notes
    return result


def carry_out(task, border):
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
    library = choose(task["library"], bool(task["inputs"]), border)
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
            write(table, path, library, border)
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


def described(error, task):
    """Prints the traceback from the script on, and says what went wrong and where."""
    told = traceback.TracebackException.from_exception(error)
    from_script_on(told, task["name"], set())
    sys.stderr.write("".join(told.format()))
    sys.stderr.flush()
    if isinstance(error, SyntaxError) and error.filename == task["name"]:
        return {"error": headline(error), "line": error.lineno, "code": (error.text or "").strip(), "raised": True}
    frames = traceback.extract_tb(error.__traceback__)
    own = next((frame for frame in reversed(frames) if frame.filename == task["name"]), None)
    if own is None:
        return {"error": headline(error), "raised": True}
    last = (frames[-1].filename, frames[-1].lineno)
    if isinstance(error, SyntaxError) and error.filename:
        last = (error.filename, error.lineno)
    return {"error": headline(error), "line": own.lineno, "code": own.line, "inside": inside(*last, task), "raised": True}


def inside(file, line, task):
    """The module of the person's own, called by the script, in which it happened."""
    below = os.path.join(os.path.realpath(task["folder"]), "")
    path = os.path.realpath(file)
    if file == task["name"] or not path.startswith(below) or "site-packages" in path:
        return None
    return {"file": path[len(below):], "line": line}


def headline(error):
    """The exception's type and the first line of what it says; the log has the rest."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__", "__step__") else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        text = ""
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    if not lines:
        return name
    first = lines[0] if len(lines[0]) <= 500 else lines[0][:499] + "…"
    return f"{name}: {first}"


def from_script_on(told, name, seen):
    """Leaves out the runner's own frames, also of the errors that this one came from."""
    if told is None or id(told) in seen:
        return
    seen.add(id(told))
    own = [at for at, frame in enumerate(told.stack) if frame.filename == name]
    if own:
        del told.stack[: own[0]]
    elif isinstance(getattr(told, "filename", None), str) and told.filename == name:
        told.stack.clear()
    from_script_on(told.__cause__, name, seen)
    from_script_on(told.__context__, name, seen)
    for part in getattr(told, "exceptions", None) or []:
        from_script_on(part, name, seen)


def helper_module():
    """`import atelier` in a script: progress and metrics that show in the window."""
    module = types.ModuleType("atelier")

    def progress(fraction, message=""):
        tell({"progress": float(fraction), "message": str(message)})

    def log_metric(name, value, step=0):
        value, step = float(value), int(step)
        if not -(2**63) <= step < 2**63:
            raise ValueError(f"The step {step} of the metric {name} has more than 64 bits.")
        # JSON has no numbers for NaN and the infinities.
        tell({"metric": str(name), "value": value if math.isfinite(value) else str(value), "step": step})

    module.progress, module.log_metric = progress, log_metric
    return module


def as_json(value):
    """JSON in UTF-8: half a character, as a script may hold it, is written out as `\\ud800`."""
    return re.sub("[\ud800-\udfff]", lambda half: f"\\\\u{ord(half.group()):04x}", json.dumps(value, ensure_ascii=False))


def tell(message):
    sys.__stdout__.write(f"{MARK}{as_json(message)}{MARK}\n")
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
