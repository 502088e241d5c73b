"""Sends the same mutated requests and random filters to `atelier serve` and `mlflow server` and lists what differs.

    python mlflow_mutate.py http://127.0.0.1:PORT [--requests N] [--seed S]

The address is that of a freshly started `atelier serve`; MLflow's own server is started here. Every request is one that
clients send, changed in one way or more: a field dropped, doubled, of another type, empty or long; the body cut off; a
number that JSON has no word for; another method. Every filter is made of words that filters are made of. Statuses,
codes and answers must be equal; only what `KNOWN` names with its reason may differ.
"""

import argparse
import collections
import copy
import json
import random
import re
import sys
import tempfile

from mlflow_peer import real_server
from mlflow_same import Side, differences

Case = collections.namedtuple("Case", "label method path query raw headers")


def broken(case, ours, theirs):
    """MLflow's server broke, which is no answer to hold anything against."""
    return theirs[0] >= 500 and ours[0] < 500


def silent(case, ours, theirs):
    """MLflow drops what protobuf cannot read, stores nothing or 0 in its place, and answers that all is well."""
    return theirs[0] == 200 and ours[0] == 400 and "for parameter" in message(ours)


def no_json(case, ours, theirs):
    """A body that is no JSON is an empty one to MLflow; here it is refused wherever an empty one would do."""
    return ours[0] == 400 and "no JSON" in message(ours)


def database(case, ours, theirs):
    """MLflow's database refuses what its handlers let through, in words of SQL; a tag that comes twice counts once here."""
    return theirs[0] == 400 and "sqlite3" in message(theirs)


def camel_case(case, ours, theirs):
    """MLflow reads a field by its JSON name, and then says that the field is missing."""
    keys = case.query if isinstance(case.query, dict) else {}
    return theirs[0] == 400 and "Missing value" in message(theirs) and any(key != key.lower() for key in keys)


def special(case, ours, theirs):
    """A bare NaN, Infinity or 1e309 is 0 at the time 0 to MLflow; here it is what it says."""
    return case.raw is not None and re.search(rb"NaN|Infinity|1e309", case.raw) is not None and ours[0] == 200


def methods(case, ours, theirs):
    """Flask answers a method that a route does not have with a page of HTML."""
    return theirs[0] in (404, 405) and ours[0] in (404, 405)


def blank(case, ours, theirs):
    """A name of spaces is refused when an experiment is made; MLflow lets one be renamed to it."""
    return case.path.endswith("experiments/update") and "Invalid experiment name" in message(ours)


def quoted(case, ours, theirs):
    """Both refuse the filter; sqlparse cuts what is no filter into other words, so that the sentences name other parts."""
    return case.label == "filter" and ours[0] == theirs[0] == 400


def model_status(case, ours, theirs):
    """MLflow compares the word of a logged model's status with the number that it stores, and finds nothing."""
    return case.path.endswith("logged-models/search") and "status" in str(case.query.get("filter"))


def parameters(case, ours, theirs):
    """Both refuse the request, and name another of its wrong parameters, or write a number beyond 64 bits otherwise."""
    return ours[0] == theirs[0] == 400 and "for parameter" in message(ours) and "parameter" in message(theirs)


def wording(case, ours, theirs):
    """Both refuse a filter of logged models that compares with what is no number, MLflow as its own fault."""
    return case.label == "filter" and ours[0] == 400 and theirs[0] == 500


KNOWN = [broken, silent, no_json, database, camel_case, special, methods, blank, wording, quoted, model_status, parameters]


def message(answer):
    return str(answer[1].get("message", "")) if isinstance(answer[1], dict) else str(answer[1])


class World:
    """What both servers hold before anything is asked, under each one's own ids."""

    def __init__(self, side):
        self.side = side
        self.started = 5000
        post = lambda path, **body: side.post("setup", path, **body)
        self.experiment = post("experiments/create", name="mutated")["experiment_id"]
        self.runs = []
        for n in range(6):
            new = {"experiment_id": self.experiment, "start_time": 1000 + n, "run_name": f"run {n}", "user_id": f"u{n % 2}"}
            run = post("runs/create", **new)["run"]["info"]["run_id"]
            metrics = [{"key": "m", "value": v, "timestamp": 1, "step": n} for v in [["NaN", 1, 2, -1, 0.5, 3][n]]]
            metrics += [{"key": "odd key/1.x", "value": n, "timestamp": 1, "step": 0}]
            post("runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "p", "value": str(n % 3)}],
                 tags=[{"key": "t", "value": f"T{n}"}, {"key": "mlflow.user", "value": f"u{n % 2}"}])
            if n < 3:
                post("runs/update", run_id=run, status="FINISHED" if n else "FAILED", end_time=2000 + n)
            self.runs.append(run)
        self.models = []
        for n in range(3):
            made = post("logged-models", experiment_id=self.experiment, name=f"model{n}", model_type="sklearn",
                        source_run_id=self.runs[n], params=[{"key": "p", "value": str(n)}], tags=[{"key": "t", "value": f"T{n}"}])
            model = made["model"]["info"]["model_id"]
            side.call("setup", "PATCH", f"logged-models/{model}", body={"model_id": model, "status": "LOGGED_MODEL_READY"})
            post("runs/log-metric", run_id=self.runs[n], key="m", value=n, timestamp=1, step=0, model_id=model)
            self.models.append(model)
        for n in range(3):
            post("registered-models/create", name=f"reg{n}", tags=[{"key": "t", "value": f"T{n}"}])
            post("model-versions/create", name=f"reg{n}", source=f"runs:/{self.runs[0]}/model", run_id=self.runs[0])

    def fresh(self):
        self.started += 1
        new = {"experiment_id": self.experiment, "start_time": self.started, "run_name": "fresh", "user_id": "me"}
        return self.side.post("fresh", "runs/create", **new)["run"]["info"]["run_id"]


# Requests as clients send them. RUN is a run made for this request alone; EXP the experiment; MODEL a logged model.
SENT = [
    ("POST", "runs/create", {"experiment_id": "EXP", "start_time": 7, "run_name": "n", "user_id": "u", "tags": [{"key": "a", "value": "b"}]}),
    ("POST", "runs/log-metric", {"run_id": "RUN", "key": "k", "value": 1.5, "timestamp": 3, "step": 2}),
    ("POST", "runs/log-parameter", {"run_id": "RUN", "key": "k", "value": "v"}),
    ("POST", "runs/set-tag", {"run_id": "RUN", "key": "k", "value": "v"}),
    ("POST", "runs/delete-tag", {"run_id": "RUN", "key": "none"}),
    ("POST", "runs/log-batch", {"run_id": "RUN", "metrics": [{"key": "k", "value": 1, "timestamp": 3, "step": 1}],
                                "params": [{"key": "a", "value": "b"}], "tags": [{"key": "c", "value": "d"}]}),
    ("POST", "runs/update", {"run_id": "RUN", "status": "FINISHED", "end_time": 9, "run_name": "x"}),
    ("POST", "runs/delete", {"run_id": "RUN"}),
    ("POST", "runs/restore", {"run_id": "RUN"}),
    ("POST", "runs/log-inputs", {"run_id": "RUN", "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}}]}),
    ("GET", "runs/get", {"run_id": "RUN"}),
    ("GET", "metrics/get-history", {"run_id": "RUN", "metric_key": "k"}),
    ("GET", "artifacts/list", {"run_id": "RUN", "path": "a"}),
    ("GET", "experiments/get", {"experiment_id": "EXP"}),
    ("GET", "experiments/get-by-name", {"experiment_name": "mutated"}),
    ("POST", "experiments/search", {"max_results": 5, "order_by": ["name"], "view_type": "ALL", "filter": "name = 'mutated'"}),
    ("POST", "experiments/set-experiment-tag", {"experiment_id": "EXP", "key": "k", "value": "v"}),
    ("POST", "experiments/update", {"experiment_id": "EXP", "new_name": "mutated"}),
    ("POST", "runs/search", {"experiment_ids": ["EXP"], "filter": "metrics.m > 0", "max_results": 3, "order_by": ["metrics.m"], "run_view_type": "ALL"}),
    ("GET", "registered-models/get", {"name": "reg1"}),
    ("GET", "registered-models/search", {"max_results": "5", "filter": "name = 'reg1'"}),
    ("POST", "registered-models/set-tag", {"name": "reg1", "key": "k", "value": "v"}),
    ("GET", "model-versions/get", {"name": "reg1", "version": "1"}),
    ("GET", "model-versions/get-download-uri", {"name": "reg1", "version": "1"}),
    ("GET", "model-versions/search", {"filter": "name = 'reg1'", "max_results": "5"}),
    ("POST", "model-versions/transition-stage", {"name": "reg1", "version": "1", "stage": "Staging", "archive_existing_versions": False}),
    ("POST", "registered-models/alias", {"name": "reg1", "alias": "best", "version": "1"}),
    ("DELETE", "registered-models/delete-tag", {"name": "reg1", "key": "none"}),
    ("POST", "logged-models/search", {"experiment_ids": ["EXP"], "filter": "name = 'model1'", "max_results": 2}),
    ("PATCH", "logged-models/MODEL/tags", {"tags": [{"key": "k", "value": "v"}]}),
]

WRONG = [None, "", " ", 0, -1, 5, 1.5, True, [], {}, "x", "é", "a/b", "../a", "a\nb", "a" * 251, "a" * 600, "NaN", "1e3", "0x10", 2**63, 2**70]


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def mutate(body, method, rng):
    """The body changed in one way or two; and the text of it, if it was cut or spelled as JSON is not."""
    body = copy.deepcopy(body)
    raw = None
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        keys = list(body)
        if not keys:
            break
        key = rng.choice(keys)
        kind = rng.randrange(8)
        if kind == 0:
            del body[key]
        elif kind == 1:
            body[rng.choice(["extra", "unknown_field"])] = rng.choice(WRONG)
        elif kind == 2 and "_" in key:
            body[camel(key)] = body[key] if rng.random() < 0.3 else body.pop(key)
        elif kind == 3 and isinstance(body[key], list) and body[key] and isinstance(body[key][0], dict):
            inner = dict(body[key][0])
            field = rng.choice(list(inner))
            if rng.random() < 0.4:
                del inner[field]
            else:
                inner[field] = rng.choice(WRONG)
            body[key] = [inner]
        elif kind == 4 and isinstance(body[key], list):
            body[key] = body[key] * rng.choice([0, 2, 101])
        else:
            body[key] = rng.choice(WRONG)
    if method != "GET" and rng.random() < 0.15:
        text = json.dumps(body)
        spoiled = rng.randrange(5)
        if spoiled == 0:
            raw = text[: rng.randrange(len(text))]
        elif spoiled == 1:
            raw = "\ufeff" + text
        elif spoiled == 2:
            raw = re.sub(r"(?<=: )[0-9.]+", lambda _: rng.choice(["NaN", "Infinity", "1e309", "-Infinity"]), text, count=1)
        elif spoiled == 3:
            raw = json.dumps(text)
        else:
            raw = text + rng.choice(["x", "}", ",", " "])
    return body, raw


WORDS = {
    "runs/search": ["metrics.m", "metrics.`odd key/1.x`", "metric.m", "params.p", "param.p", "tags.t", "tags.mlflow.user", "tags.`mlflow.user`", "tag.t",
                    "attributes.status", "status", "run_name", "attributes.`run name`", "start_time", "end_time", "user_id", "run_id", "artifact_uri",
                    "datasets.name", "dataset.digest", "foo", "metrics.m.x", "params.\"p\"", "tags.none", "created"],
    "experiments/search": ["name", "attribute.name", "tags.t", "tag.t", "creation_time", "last_update_time", "experiment_id", "foo", "metrics.m"],
    "registered-models/search": ["name", "tags.t", "tag.t", "attribute.name", "foo"],
    "model-versions/search": ["name", "version_number", "run_id", "source_path", "tags.t", "foo"],
    "logged-models/search": ["name", "attributes.name", "status", "lifecycle_stage", "model_type", "source_run_id", "model_id", "experiment_id",
                             "creation_timestamp", "creation_time", "last_updated_timestamp", "params.p", "tags.t", "metrics.m", "metrics.`m`",
                             "tags.mlflow.x", "foo", "attributes.lifecycle_stage"],
}
OPERATORS = ["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "like", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "==", "<>", "BETWEEN"]
VALUES = ["'T1'", "'1'", "1", "0", "1.5", "-1", "'%1%'", "'t_'", "('T1', '1')", "('1')", "()", "\"T1\"", "T1", "'FINISHED'", "'READY'", "'active'",
          "'model1'", "'reg1'", "'mutated'", "1000", "'u1'", "'it''s'", "''", "NULL", "1e3"]


def random_filter(path, rng):
    clauses = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        operator = rng.choice(OPERATORS if rng.random() < 0.5 else OPERATORS[:6])
        value = "" if operator.startswith("IS") else " " + rng.choice(VALUES)
        space = rng.choice([" ", " ", ""]) if not operator[0].isalpha() else " "
        clauses.append(f"{rng.choice(WORDS[path])}{space}{operator}{value}")
    joined = rng.choice([" AND ", " AND ", " and ", " OR ", ", "]).join(clauses)
    return rng.choice(["", "", "", "", " ", "  "]) + joined + rng.choice(["", "", "", "", " ", ";", " AND"])


def requests_of(rng, count):
    for number in range(count):
        if number % 2:
            path = rng.choice(list(WORDS))
            asked = {"filter": random_filter(path, rng), "max_results": 50}
            if path.startswith(("runs", "logged")):
                asked["experiment_ids"] = ["EXP"]
            method = "GET" if path.startswith(("registered", "model-versions")) else "POST"
            yield "filter", method, path, asked, None, {}
        else:
            method, path, body = rng.choice(SENT)
            body, raw = mutate(body, method, rng)
            headers = {}
            if rng.random() < 0.04:
                headers = {"Content-Type": rng.choice(["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"])}
            yield "mutated", method, path, body, raw, headers


def fill(value, world, run):
    """With the ids of one server."""
    if isinstance(value, str):
        for word, own in (("RUN", run), ("EXP", world.experiment), ("MODEL", world.models[0])):
            value = value.replace(word, own) if word in ("RUN", "MODEL") or value == word else value
        return value
    if isinstance(value, dict):
        return {key: fill(inner, world, run) for key, inner in value.items()}
    return [fill(inner, world, run) for inner in value] if isinstance(value, list) else value


def ask(world, label, method, path, body, raw, headers):
    """The answer as (status, plain body), and what the request's run holds after it."""
    side = world.side
    run = world.fresh() if label == "mutated" else world.runs[0]
    path = fill(path, world, run)
    kinds = {"Content-Type": "application/json", **headers}
    if method == "GET":
        query = {key: value for key, value in fill(body, world, run).items() if value is not None and not isinstance(value, dict)}
        side.call(label, "GET", path, query=query)
        sent = None
    else:
        sent = (fill(raw, world, run) if raw is not None else json.dumps(fill(body, world, run))).encode("utf-8", "replace")
        side.call(label, method, path, data=sent, headers=kinds)
    answer = side.said[-1][4:]
    after = side.get("after", "runs/get", run_id=run) if label == "mutated" and method == "POST" else None
    seen = side.said[-1][4:] if after is not None else None
    return Case(label, method, path, body, sent, headers), answer, seen


def named(case, ours, theirs):
    return next((reason for reason in KNOWN if reason(case, ours, theirs)), None)


# A name that is made by chance where none was given.
CHANCE = re.compile(r"[a-z]+-[a-z]+-\d+")


def same(mine, other):
    chance = lambda a, b: all(isinstance(value, str) and CHANCE.fullmatch(value) for value in (a, b))
    return all(chance(a, b) for _, a, b in differences(mine, other))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("uri")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    unnamed, reasons = 0, collections.Counter()
    with tempfile.TemporaryDirectory() as folder, real_server(folder) as uri:
        worlds = [World(Side(options.uri)), World(Side(uri))]
        for request in requests_of(rng, options.requests):
            for world in worlds:
                world.side.said.clear()
                world.side.known.clear()
            (case, ours, ours_after), (_, theirs, theirs_after) = (ask(world, *request) for world in worlds)
            if same(ours, theirs) and same(ours_after, theirs_after):
                continue
            if reason := named(case, ours, theirs):
                reasons[reason.__name__] += 1
                continue
            unnamed += 1
            print(f"{case.label}: {case.method} {case.path} {json.dumps(case.query)[:300]} {case.raw[:200] if case.raw and case.label == 'mutated' else ''} {case.headers or ''}")
            for where, a, b in list(differences((ours, ours_after), (theirs, theirs_after)))[:4]:
                print(f"    {where}: ours {a!r:.300}, MLflow's {b!r:.300}")
    print(f"{options.requests} requests compared")
    for reason in KNOWN:
        if reasons[reason.__name__]:
            print(f"{reasons[reason.__name__]:4} differ as named: {reason.__doc__}")
    if unnamed:
        sys.exit(f"{unnamed} answers differ")


if __name__ == "__main__":
    main()
