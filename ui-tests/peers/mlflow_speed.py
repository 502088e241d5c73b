"""How fast `atelier serve` is beside `mlflow server` on SQLite: the same calls, one after the other on this machine.

    python mlflow_speed.py ATELIER [SECONDS]

ATELIER is the program. Four client threads, each call measured for SECONDS (5), over plain HTTP and through the
Python client. Prints a table; ratios count, as machines differ.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ENABLE_ASYNC_LOGGING="false", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from mlflow_peer import free_port, real_server, wait

THREADS = 4
RUNS = 10_000
FILTER = {"filter": "metrics.auc > 0.5 and params.kind = 'tree'", "order_by": ["metrics.auc DESC"]}
MIXED = {"filter": "metrics.auc > 0.5 and params.kind = 'tree' and tags.team = 'a'", "order_by": ["metrics.loss ASC"]}


@contextlib.contextmanager
def atelier(program, folder):
    workspace = f"{folder}/W"
    subprocess.run([program, "new", workspace], check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    server = subprocess.Popen([program, "serve", "--workspace", workspace, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


class Http:
    """The calls over plain HTTP."""

    def __init__(self, uri):
        # Not `requests`, whose own work takes longer than some of these calls.
        self.connection = http.client.HTTPConnection(uri.removeprefix("http://"))

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        self.connection.request("POST", "/api/2.0/mlflow/" + path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)

    def create(self):
        body = {"experiment_id": "0", "start_time": 1, "run_name": "r"}
        return self.post("runs/create", body)["run"]["info"]["run_id"]

    def batch(self, run, points, params=(), tags=()):
        pair = lambda pairs: [{"key": key, "value": value} for key, value in pairs]
        metrics = [{"key": k, "value": v, "timestamp": t, "step": s} for k, v, t, s in points]
        self.post("runs/log-batch", {"run_id": run, "metrics": metrics, "params": pair(params), "tags": pair(tags)})

    def metric(self, run, step):
        self.post("runs/log-metric", {"run_id": run, "key": "m", "value": 1.0, "timestamp": step, "step": step})

    def finish(self, run):
        self.post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": 2})

    def search(self, body):
        return self.post("runs/search", {"experiment_ids": ["0"], "max_results": 50, **body})


class Python:
    """The same through `MlflowClient`."""

    def __init__(self, uri):
        self.client = MlflowClient(uri)

    def create(self):
        return self.client.create_run("0", start_time=1, run_name="r").info.run_id

    def batch(self, run, points, params=(), tags=()):
        metrics = [Metric(*point) for point in points]
        self.client.log_batch(run, metrics, [Param(*p) for p in params], [RunTag(*t) for t in tags])

    def metric(self, run, step):
        self.client.log_metric(run, "m", 1.0, timestamp=step, step=step)

    def finish(self, run):
        self.client.set_terminated(run, end_time=2)

    def search(self, body):
        return self.client.search_runs(["0"], body["filter"], order_by=body["order_by"], max_results=50)


def together(kind, uri, seconds, act):
    """Calls a second of all threads; `act(calls, number)` makes one."""
    counts, until = [0] * THREADS, time.monotonic() + seconds
    def work(place):
        calls, number = kind(uri), 0
        state = {}
        while time.monotonic() < until:
            act(calls, state, number)
            number += 1
            counts[place] = number
    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    began = time.monotonic()
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(counts) / (time.monotonic() - began)


def points(number, key="loss"):
    return [(key, n * 0.5, number, number * 1000 + n) for n in range(1000)]


def log_batch(calls, state, number):
    if "run" not in state:
        state["run"] = calls.create()
    calls.batch(state["run"], points(number))


def log_keys(calls, state, number):
    """1,000 metrics of one point each."""
    if "run" not in state:
        state["run"] = calls.create()
    calls.batch(state["run"], [(f"k{n}", n * 0.5, number, number) for n in range(1000)])


def whole_run(calls, state, number):
    run = calls.create()
    calls.batch(run, [], [(f"p{n}", "x") for n in range(20)], [(f"t{n}", "y") for n in range(5)])
    calls.batch(run, points(number))
    calls.finish(run)


def latency(seconds, act):
    """Milliseconds in the middle."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until or len(took) < 3:
        began = time.perf_counter()
        act(len(took))
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def facts(number):
    """What the run of this number has, for the search."""
    kind = ["tree", "line", "net"][number % 3]
    return (number * 7919 % RUNS) / RUNS, number * 31 % 1000 / 1000, kind, "ab"[number % 2]


def fill(uri):
    """Runs to search, through the API."""
    def work(part):
        calls = Http(uri)
        for number in range(part, RUNS, THREADS):
            auc, loss, kind, team = facts(number)
            calls.batch(calls.create(), [("auc", auc, 1, 0), ("loss", loss, 1, 0)], [("kind", kind)], [("team", team)])
    threads = [threading.Thread(target=work, args=(part,)) for part in range(THREADS)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def fill_mlflow(database):
    """The same runs straight into MLflow's tables: through its API it would take half an hour."""
    with sqlite3.connect(database, timeout=60) as db:
        for number in range(RUNS):
            auc, loss, kind, team = facts(number)
            run = uuid.uuid4().hex
            db.execute("INSERT INTO runs (run_uuid, name, user_id, source_type, status, start_time, lifecycle_stage, artifact_uri, experiment_id)"
                       " VALUES (?, 'r', '', 'UNKNOWN', 'RUNNING', 1, 'active', 'mlflow-artifacts:/0', 0)", (run,))
            for key, value in [("auc", auc), ("loss", loss)]:
                db.execute("INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, 1, 0, 0, ?)", (key, value, run))
                db.execute("INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, 1, 0, 0, ?)", (key, value, run))
            db.execute("INSERT INTO params (key, value, run_uuid) VALUES ('kind', ?, ?)", (kind, run))
            db.execute("INSERT INTO tags (key, value, run_uuid) VALUES ('team', ?, ?)", (team, run))


def measure(uri, seconds, filled):
    found = {}
    for name, kind in [("HTTP", Http), ("client", Python)]:
        found[f"log-batch of 1,000, points/s, {name}"] = 1000 * together(kind, uri, seconds, log_batch)
        found[f"1,000 keys a batch, points/s, {name}"] = 1000 * together(kind, uri, seconds, log_keys)
        found[f"whole runs/s, {name}"] = together(kind, uri, seconds, whole_run)
        calls = kind(uri)
        run = calls.create()
        found[f"one log-metric, ms, {name}"] = latency(seconds / 2, lambda step: calls.metric(run, step))
    print({name: round(value, 2) for name, value in found.items()}, file=sys.stderr)
    filled()
    for name, kind in [("HTTP", Http), ("client", Python)]:
        calls = kind(uri)
        found[f"search of 10,000 runs, ms, {name}"] = latency(seconds / 2, lambda _: calls.search(FILTER))
        found[f"search by metric, param and tag, ms, {name}"] = latency(seconds / 2, lambda _: calls.search(MIXED))
    print({name: round(value, 2) for name, value in found.items()}, file=sys.stderr)
    return found


def main():
    program, seconds = str(pathlib.Path(sys.argv[1]).resolve()), float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    results = []
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with atelier(program, folder) as uri:
            made = time.monotonic() - began
            results.append(measure(uri, seconds, lambda: fill(uri)))
        ready = []
        for _ in range(5):
            port, began = free_port(), time.monotonic()
            server = subprocess.Popen([program, "serve", "--workspace", f"{folder}/W", "--port", str(port)], stdout=subprocess.PIPE)
            server.stdout.readline()
            ready.append(time.monotonic() - began)
            server.kill()
            server.wait()
        results[0]["ready, s"] = statistics.median(ready)
        del made
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with real_server(folder) as uri:
            ready = time.monotonic() - began
            results.append(measure(uri, seconds, lambda: fill_mlflow(f"{folder}/mlflow.db")))
        results[1]["ready, s"] = ready
    print(f"{'':48} {'atelier':>12} {'mlflow':>12} {'ratio':>8}")
    for name, ours in results[0].items():
        theirs = results[1][name]
        faster = theirs / ours if ", ms" in name or ", s" in name.removesuffix("points/s") and "/s" not in name else ours / theirs
        print(f"{name:48} {ours:12,.2f} {theirs:12,.2f} {faster:7.1f}x")


if __name__ == "__main__":
    main()
