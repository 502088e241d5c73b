"""Writes filters.json and names.json: what the real mlflow says to each input.

    python -m venv v && v/bin/pip install mlflow==3.17.2 && v/bin/python src/server/golden/make.py
"""

import json
import pathlib

from mlflow.utils import validation as v
from mlflow.utils.search_logged_model_utils import parse_filter_string
from mlflow.utils.search_utils import (
    SearchExperimentsUtils,
    SearchModelUtils,
    SearchModelVersionUtils,
    SearchUtils,
)

HERE = pathlib.Path(__file__).parent

RUNS = [
    "", "metrics.a > 1", "metrics.a>-1", "metric.a >= .5", "metrics.a = 1.", "metrics.a != 1e-5", "metrics.a < 1E10",
    "metrics.`a b/c` > 1", 'metrics."a b" > 1', "metrics.a.b.c <= 2", "`metrics`.a > 1", "metrics.`a.b` = 0",
    "params.p = 'x'", 'params.p = "x"', "param.p != ''", "parameters.p LIKE 'x%'", "parameter.p ilike '%X'",
    "params.p IS NULL", "params.p is not null", "tags.`mlflow.runName` = 'a b'", "tag.t like 'it''s'", "tags.a.b = 'c'",
    "attributes.status = 'RUNNING'", "status != 'FAILED'", "attr.run_name LIKE '%x%'", "run.user_id = 'ada'",
    "attributes.start_time > 1700000000000", "created <= 5", "end_time < 1.5", "attributes.`run name` = 'a'",
    'attributes."Run Name" = "b"', "run_id IN ('a', 'b')", "attributes.run_id NOT IN ('a')", 'run_id in ("a","b" )',
    "datasets.name = 'd'", "dataset.digest IN ('x', 'y')", "datasets.context LIKE 'tr%'", "artifact_uri like 's3%'",
    "metrics.a > 1 AND params.p = 'x'", "metrics.a > 1 and params.p = 'x' AND tags.t != 'y'", "metrics.a > 1 params.p = 'x'",
    "AND metrics.a > 1", "metrics.a > 1;", "params.p = 'a;b'", "params.p = 'AND'", "params.p = 'ä é 日本'",
    "metrics.a=1", "params.`p`='x'", "tags.a = \"it's\"", "params.p = 'say \"hi\"'", "  metrics.a  >  1  ",
    # refused
    "metrics.a > 'x'", "metrics.a > x", "metrics.a LIKE 'x'", "metrics.a == 1", "metrics.a IN (1, 2)", "metrics.a IS NULL",
    "params.p = 1", "params.p = x", "params.p > 'x'", "params.p IN ('x')", "params.p = `x`", "tags.t < 'x'", "tags.t = 5",
    "metrics.a > 1 OR metrics.b > 1", "metrics.a BETWEEN 1 AND 2", "foo.a = 'x'", "foo = 'x'", "attributes.foo = 'x'",
    "status > 'x'", "status IN ('a', 'b')", "run_name IN ('a')", "start_time = 'x'", "start_time LIKE 5", "status = 5",
    "run_id IN ()", "run_id IN (1, 2)", "run_id IN (1)", "run_id IN ('a'", "run_id IN 'a'", "datasets.foo = 'x'", "datasets.name = 5",
    "datasets.name > 'x'", "metrics.a > 1; metrics.b > 2", "'x' = 'y'", "1 = 1", "metrics.a", "metrics.a >", "> 1", "a b c",
    "metrics.a > 1 foo", "params.p = 'x", "params.p NOT LIKE 'x'", "status IS NULL", "metrics.a > 1, metrics.b > 1",
    "metrics.a > NULL", "params.p = true", "run_id = ('a', b)", "(metrics.a > 1)", "metrics.a > 0x1F",
]
EXPERIMENTS = [
    "", "name = 'x'", "name LIKE 'x%'", "attribute.name ilike '%X%'", "tags.k = 'v'", "tag.`a b` != 'v'", "tags.k IS NULL",
    "tags.k is not null", "creation_time > 5", "last_update_time <= 7", "experiment_id = '3'", "experiment_id IN ('1', '2')",
    "experiment_id NOT IN ('1')", "name = 'x' AND tags.k = 'v'",
    "name IN ('x')", "name > 'x'", "name IS NULL", "foo = 'x'", "metrics.a > 1", "params.a = 'x'", "name = 5",
    "creation_time = 'x'", "creation_time LIKE 5", "tags.k > 'v'", "name = 'x' OR name = 'y'", "attribute.foo = 'x'",
]
MODELS = [
    "", "name = 'x'", "name != 'x'", "name LIKE 'x%'", "name ilike 'X%'", "name IN ('a', 'b')", "name NOT IN ('a')", "tags.k = 'v'",
    "tag.`a.b` LIKE 'v%'", "attribute.name = 'x'", "name = 'a' AND tags.k = 'v'",
    "name > 'x'", "foo = 'x'", "name = 5", "name = x", "tags.k > 'v'", "tags.k IN ('v')", "run_id = 'x'", "attributes.name = 'x'",
    "name = 'x' OR name = 'y'", "name IN ()", "name IN (1)", "`name` = 'x'",
]
VERSIONS = [
    "", "name = 'x'", "run_id = 'x'", "run_id IN ('a', 'b')", "name IN ('a')", "source_path = 's3://x'", "source_path LIKE '%x'",
    "version_number = 3", "version_number >= 2", "version_number = '4'", "tags.k = 'v'", "name = 'a' and version_number > 1",
    "version_number LIKE '3'", "version_number = 1.5", "version_number = 'x'", "source_path IN ('a')", "name > 'x'", "name = 5",
    "stage = 'x'", "tags.k > 'v'", "creation_timestamp > 5", "foo.bar = 'x'",
]
LOGGED = [
    "", "name = 'x'", "metrics.a > 0.5", "params.p = 'x'", "tags.t LIKE 'x%'", "tags.`a b` = 'x'", "attributes.name = 'x'",
    "model_id = 'm-1'", "status = 'READY'", "status IN ('READY', 'PENDING')", "creation_time > 5", "creation_timestamp <= 7",
    "last_updated_timestamp > 1", "source_run_id = 'x'", "model_type ilike 'SK%'", "name = 'a' AND metrics.m < 1",
    "name in ('a', 'b')", "name not in ('a')",
    "metrics.a LIKE 'x'", "name > 'x'", "foo.a = 'x'", "name = 'a' OR name = 'b'", "name IS NULL", "params.p > 1",
    "name = 'a'; name = 'b'",
]
ORDERS = [
    "metrics.a", "metrics.a DESC", "metric.`a b` asc", "params.p desc", "tags.t", "attributes.start_time DESC", "start_time", "run_id asc",
    "created", "Created DESC", "status", "run_name", "attributes.run_name DESC", "tags.`mlflow.source.name` ASC", "end_time ASC",
    "metrics.a foo", "metrics.a desc foo", "", "foo", "foo.a", "metrics.a > 1", "'x'", "metrics.a DESC NULLS LAST", "1", "attributes.foo desc",
    "run name",
]


def value(x):
    if isinstance(x, tuple):
        return {"list": list(x)}
    if isinstance(x, str):
        return {"text": x}
    if x is None:
        return {}
    return {"number": x}


def runs(text):
    parsed = SearchUtils.parse_search_filter(text)
    out = []
    for s in parsed:
        kind, comparator = s["type"], s["comparator"].upper()
        key = SearchUtils.translate_key_alias(s["key"])
        known = (
            SearchUtils.is_string_attribute(kind, key, comparator)
            or SearchUtils.is_numeric_attribute(kind, key, comparator)
            or SearchUtils.is_metric(kind, comparator)
            or SearchUtils.is_param(kind, comparator)
            or SearchUtils.is_tag(kind, comparator)
            or SearchUtils.is_dataset(kind, comparator)
        )
        assert known
        v = s["value"]
        out.append([kind, s["key"], comparator, value(float(v) if kind == "metric" else v)])
    return out


def experiments(text):
    from mlflow.store.tracking.sqlalchemy_store import _get_search_experiments_filter_clauses

    parsed = SearchExperimentsUtils.parse_search_filter(text)
    _get_search_experiments_filter_clauses([dict(p) for p in parsed], "sqlite")
    return [[s["type"], s["key"], s["comparator"].upper(), value(s["value"])] for s in parsed]


def registry(utils, check):
    def run(text):
        from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

        parsed = utils.parse_search_filter(text)
        store = SqlAlchemyStore.__new__(SqlAlchemyStore)
        getattr(store, check[0])(*check[1](parsed))
        return [[s["type"], s["key"], s["comparator"].upper(), value(s["value"])] for s in parsed]

    return run


def logged(text):
    kinds = {"attributes": "attribute", "metrics": "metric", "params": "parameter", "tags": "tag"}
    return [[kinds[c.entity.type.value], c.entity.key, c.op, value(c.value)] for c in parse_filter_string(text)]


def said(f, *args):
    try:
        return {"ok": f(*args)}
    except Exception as e:  # noqa: BLE001  What is not MlflowException is MLflow's own failure.
        return {"error": str(getattr(e, "message", e)), "mlflow": type(e).__name__ == "MlflowException"}


def main():
    dialects = {
        "runs": (RUNS, runs),
        "experiments": (EXPERIMENTS, experiments),
        "models": (MODELS, registry(SearchModelUtils, ("_get_search_registered_model_filter_query", lambda p: (None, p, "sqlite")))),
        "versions": (VERSIONS, registry(SearchModelVersionUtils, ("_get_search_model_versions_filter_clauses", lambda p: (p, "sqlite")))),
        "logged_models": (LOGGED, logged),
        "orders": (ORDERS, lambda text: [list(SearchUtils.parse_order_by_for_search_runs(text))]),
    }
    out = {name: [[text, said(f, text)] for text in texts] for name, (texts, f) in dialects.items()}
    (HERE / "filters.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")

    keys = ["a", "a/b", "a b", "a.b-c_d:e", "ä", "日本", "", ".", "..", "../a", "a/../b", "/a", "a//b", "a/", "./a", "a\n", "a@b", "a'b",
            "a\"b", "a\\b", "x" * 250, "x" * 251, "a\x00b", "//a", "..a", "...", "a/..", "~"]
    names = keys + [" ", "None", "v1", "V2", "v1a", "latest", "Latest", "a:b", "x" * 255, "x" * 256, "x" * 500, "x" * 501, "12", "-1", "1.5", "01"]
    checks = {
        "metric": lambda n: v._validate_metric(n, 1.0, 5, 0, path="metrics[0]"),
        "metric_alone": lambda n: v._validate_metric(n, 1.0, 5, 0),
        "param": lambda n: v._validate_param(n, "x", path="params[1]") and None,
        "tag": lambda n: v._validate_tag(n, "x") and None,
        "experiment_tag": lambda n: v._validate_experiment_tag(n, "x"),
        "registry_tag": lambda n: v._validate_registered_model_tag(n, "x"),
        "experiment_name": v._validate_experiment_name,
        "experiment_id": v._parse_experiment_id,
        "run_id": v._validate_run_id,
        "model_name": v._validate_model_name,
        "new_model_name": v._validate_model_renaming,
        "model_version": v._validate_model_version,
        "new_alias": lambda n: (v._validate_model_alias_name(n), v._validate_model_alias_name_reserved(n)) and None,
        "logged_model_name": v._validate_logged_model_name,
    }
    out = {name: [[n, said(lambda n: f(n) and None, n).get("error")] for n in names] for name, f in checks.items()}
    (HERE / "names.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")


main()
