"""Drives a tracking server with the real client, as people's code does.

    python mlflow_client.py http://127.0.0.1:PORT [SECTION...]

Prints a line for each section that passed; any error ends it. The server is freshly started over a new workspace.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException


def refused(code, act, *args, **kwargs):
    """The error that a call ends with must have this code."""
    try:
        act(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} and not {code}: {error}"
        return str(error)
    raise AssertionError(f"{act.__name__} was not refused")


def fluent():
    """The functions of `mlflow` itself."""
    mlflow.set_experiment("fluent")
    with mlflow.start_run(run_name="one", tags={"team": "a"}, description="# Note") as run:
        mlflow.log_param("p/1 .-", "é")
        mlflow.log_params({"rate": 0.1, "depth": 6, "none": None})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"a": 1.0, "b": float("nan"), "c": float("inf")}, step=3)
        mlflow.log_metric("later", 1, synchronous=False).wait()
        mlflow.set_tags({"k": "v", "n": 5})
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
        refused("INVALID_PARAMETER_VALUE", mlflow.log_param, "rate", 0.2)
        with mlflow.start_run(nested=True, run_name="child") as child:
            mlflow.log_metric("loss", 0.5)
    found = mlflow.get_run(run.info.run_id)
    assert found.data.params == {"p/1 .-": "é", "rate": "0.1", "depth": "6", "none": "None"}, found.data.params
    assert found.data.metrics["loss"] == 0.2 and np.isnan(found.data.metrics["b"]) and found.data.metrics["later"] == 1
    assert found.data.tags["k"] == "v" and found.data.tags["n"] == "5" and "gone" not in found.data.tags
    assert found.info.status == "FINISHED" and found.info.run_name == "one" and found.info.end_time >= found.info.start_time
    assert mlflow.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run.info.run_id
    assert mlflow.get_parent_run(child.info.run_id).info.run_id == run.info.run_id
    seen = mlflow.search_runs(filter_string="metrics.loss < 0.3 and params.depth = '6'", order_by=["metrics.loss ASC"])
    assert list(seen.run_id) == [run.info.run_id]
    try:
        with mlflow.start_run(run_name="broken"):
            raise KeyError("x")
    except KeyError:
        pass
    assert mlflow.last_active_run().info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("loss", 0.1, step=9)
    assert mlflow.get_run(run.info.run_id).data.metrics["loss"] == 0.1
    mlflow.delete_run(child.info.run_id)
    assert mlflow.get_run(child.info.run_id).info.lifecycle_stage == "deleted"
    made = mlflow.create_experiment("second", tags={"a": "b"})
    mlflow.set_experiment_tags({"mlflow.note.content": "# About"})
    assert {e.name for e in mlflow.search_experiments()} >= {"fluent", "second"}
    mlflow.delete_experiment(made)
    assert mlflow.get_experiment(made).lifecycle_stage == "deleted"


def artifacts():
    """Files of every kind, up and down."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    mlflow.set_experiment("artifacts")
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        root = pathlib.Path(folder)
        (root / "deep" / "er").mkdir(parents=True)
        (root / "a.txt").write_text("hello")
        (root / "deep" / "er" / "ü ö.bin").write_bytes(bytes(range(256)) * 40_000)
        (root / "deep" / "empty").write_bytes(b"")
        mlflow.log_artifact(root / "a.txt")
        mlflow.log_artifacts(root, "all")
        mlflow.log_text("some text", "notes/n.txt")
        mlflow.log_dict({"a": [1, 2]}, "d.json")
        mlflow.log_dict({"a": [1, 2]}, "d.yaml")
        figure, axes = pyplot.subplots()
        axes.plot([1, 2], [3, 4])
        mlflow.log_figure(figure, "plots/f.png")
        pyplot.close(figure)
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "i.png")
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), key="dogs", step=2)
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "t.json")
        mlflow.log_table({"x": [3], "y": ["c"]}, "t.json")
        table = mlflow.load_table("t.json", run_ids=[run.info.run_id])
        assert list(table.x) == [1, 2, 3], table
        at = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all", dst_path=str(root / "back"))
        assert (pathlib.Path(at) / "deep" / "er" / "ü ö.bin").read_bytes() == bytes(range(256)) * 40_000
        assert (pathlib.Path(at) / "deep" / "empty").read_bytes() == b""
        assert mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/n.txt") == "some text"
        assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/d.json") == {"a": [1, 2]}
        assert mlflow.artifacts.load_image(run.info.artifact_uri + "/i.png").size == (8, 8)
    client = MlflowClient()
    names = [file.path for file in client.list_artifacts(run.info.run_id)]
    assert names == sorted(names) and {"a.txt", "all", "d.json", "notes", "plots", "t.json"} <= set(names), names
    assert [file.path for file in client.list_artifacts(run.info.run_id, "plots")] == ["plots/f.png"]
    assert client.list_artifacts(run.info.run_id, "a.txt") == []
    assert [file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="notes")] == ["notes/n.txt"]
    repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("all")
    assert "all" not in [file.path for file in client.list_artifacts(run.info.run_id)]
    for path in ["../up", "a/../../up", "/etc/passwd", "%2e%2e/up"]:
        try:
            client.download_artifacts(run.info.run_id, path)
        except Exception:
            continue
        raise AssertionError(f"{path} was read")


def multipart():
    """A large file in parts, as the client does above a size that is set small here."""
    names = ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"]
    for name, value in zip(names, ["6000000", "5242880", "true"]):
        os.environ[name] = value
    try:
        mlflow.set_experiment("multipart")
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            data = np.random.default_rng(7).bytes(12_000_001)
            path = pathlib.Path(folder) / "big.bin"
            path.write_bytes(data)
            mlflow.log_artifact(str(path), "parts")
            back = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="parts/big.bin")
            assert pathlib.Path(back).read_bytes() == data
    finally:
        for name in names:
            del os.environ[name]


def datasets():
    """Tables that runs read."""
    mlflow.set_experiment("datasets")
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(frame, name="rows", targets="a"), context="training", tags={"k": "v"})
        mlflow.log_input(mlflow.data.from_numpy(np.zeros((4, 2)), name="zeros"), context="validation")
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert [one.dataset.name for one in inputs] == ["rows", "zeros"]
    assert {tag.key: tag.value for tag in inputs[0].tags} == {"mlflow.data.context": "training", "k": "v"}
    assert mlflow.data.get_source(inputs[0].dataset) is not None
    seen = mlflow.search_runs(filter_string="dataset.name = 'rows' and dataset.context = 'training'")
    assert list(seen.run_id) == [run.info.run_id]


def client():
    """`MlflowClient`, call by call."""
    client = MlflowClient()
    at = client.create_experiment("client", tags={"a": "b"})
    client.set_experiment_tag(at, "k", "v")
    client.delete_experiment_tag(at, "a")
    client.rename_experiment(at, "client 2")
    assert client.get_experiment_by_name("client") is None
    assert client.get_experiment_by_name("client 2").tags == {"k": "v"}
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "client 2")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "123456")
    client.delete_experiment(at)
    client.restore_experiment(at)
    run = client.create_run(at, start_time=5, tags={"t": "u"}, run_name="r").info.run_id
    client.log_metric(run, "m", 1.0, timestamp=7, step=2)
    client.log_param(run, "p", "x")
    client.log_batch(run, [Metric("m", n, n, n) for n in range(1000)], [Param("q", "y")], [RunTag("z", "w")])
    history = client.get_metric_history(run, "m")
    assert len(history) == 1001 and history[0].step == 0
    paged = client._tracking_client.store.get_metric_history(run, "m", max_results=300)
    assert len(paged) == 300 and paged.token
    client.set_tag(run, "s", "1")
    client.delete_tag(run, "s")
    client.update_run(run, name="renamed", status="SCHEDULED")
    assert client.get_run(run).info.status == "SCHEDULED"
    client.set_terminated(run, "KILLED", end_time=99)
    info = client.get_run(run).info
    assert (info.status, info.end_time, info.run_name, info.start_time) == ("KILLED", 99, "renamed", 5)
    assert RunStatus.from_string(info.status) == RunStatus.KILLED
    data = Dataset("d", "1", "local", "{}", "{}", "{}")
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "eval")])])
    others = [client.create_run(at, run_name=f"r{n}").info.run_id for n in range(12)]
    page = client.search_runs([at], max_results=5)
    seen = [one.info.run_id for one in page]
    while page.token:
        page = client.search_runs([at], max_results=5, page_token=page.token)
        seen += [one.info.run_id for one in page]
    assert sorted(seen) == sorted([run, *others])
    client.delete_run(others[0])
    assert len(client.search_runs([at], run_view_type=ViewType.DELETED_ONLY)) == 1
    assert len(client.search_runs([at], run_view_type=ViewType.ALL)) == 13
    client.restore_run(others[0])
    refused("INVALID_PARAMETER_VALUE", client.search_runs, [at], "metrics.m LIKE 'a'")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
    client.log_text(run, "x", "a.txt")
    client.log_dict(run, {"a": 1}, "b.json")
    client.log_figure
    assert {file.path for file in client.list_artifacts(run)} == {"a.txt", "b.json"}
    bulk = client._tracking_client.store.get_metric_history_bulk_interval_from_steps if hasattr(
        client._tracking_client.store, "get_metric_history_bulk_interval_from_steps") else None
    assert bulk is None or len(bulk(run, "m", [0, 1], 10)) >= 2


def registry():
    """Registered models through `MlflowClient`."""
    client = MlflowClient()
    run = client.create_run("0").info.run_id
    client.create_registered_model("reg", tags={"a": "b"}, description="d")
    refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, "reg")
    client.set_registered_model_tag("reg", "k", "v")
    client.delete_registered_model_tag("reg", "a")
    client.update_registered_model("reg", description="new")
    client.rename_registered_model("reg", "reg2")
    uri = client.get_run(run).info.artifact_uri
    one = client.create_model_version("reg2", f"{uri}/model", run_id=run, tags={"x": "y"}, description="first")
    two = client.create_model_version("reg2", f"runs:/{run}/model", run_id=run)
    assert (one.version, two.version, one.status) in [("1", "2", "READY"), (1, 2, "READY")], one
    client.update_model_version("reg2", "1", "described")
    client.set_model_version_tag("reg2", "1", "k", "v")
    client.delete_model_version_tag("reg2", "1", "x")
    client.set_registered_model_alias("reg2", "champion", "1")
    assert client.get_model_version_by_alias("reg2", "champion").tags == {"k": "v"}
    client.transition_model_version_stage("reg2", "1", "Staging")
    client.transition_model_version_stage("reg2", "2", "Staging", archive_existing_versions=True)
    assert client.get_model_version("reg2", "1").current_stage == "Archived"
    assert [v.version for v in client.get_latest_versions("reg2", ["Staging"])] in [["2"], [2]]
    assert client.get_model_version_download_uri("reg2", "1") == f"{uri}/model"
    copied = client.copy_model_version("models:/reg2@champion", "reg3")
    assert client.get_model_version_download_uri("reg3", copied.version) == f"{uri}/model"
    assert [m.name for m in client.search_registered_models("name LIKE 'reg%'", order_by=["name DESC"])] == ["reg3", "reg2"]
    assert len(client.search_model_versions(f"run_id = '{run}'")) == 3
    client.delete_registered_model_alias("reg2", "champion")
    client.delete_model_version("reg2", "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "reg2", "1")
    client.delete_registered_model("reg3")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "reg3")
    for bad in ["/etc", "file:///etc", "mlflow-artifacts:/../x"]:
        refused("INVALID_PARAMETER_VALUE", client.create_model_version, "reg2", bad, run_id=run)


def models():
    """A model logged, registered, found by every address and loaded again."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("models")
    table, target = load_iris(return_X_y=True, as_frame=True)
    trained = LogisticRegression(max_iter=300).fit(table, target)
    expected = trained.predict(table)
    with mlflow.start_run() as run:
        logged = mlflow.sklearn.log_model(trained, name="iris", registered_model_name="Iris", input_example=table.head(2),
                                          params={"c": 1}, model_type="classifier")
        mlflow.log_metric("accuracy", 0.9, model_id=logged.model_id, dataset=mlflow.data.from_pandas(table, name="iris"))
    client = MlflowClient()
    version = client.search_model_versions("name = 'Iris'")[0]
    assert version.run_id == run.info.run_id
    client.set_registered_model_alias("Iris", "best", version.version)
    for uri in [f"models:/Iris/{version.version}", "models:/Iris@best", "models:/Iris/latest", logged.model_uri, f"runs:/{run.info.run_id}/iris"]:
        found = mlflow.pyfunc.load_model(uri)
        assert (found.predict(table) == expected).all(), uri
    assert (mlflow.sklearn.load_model("models:/Iris@best").predict(table) == expected).all()
    assert mlflow.models.get_model_info("models:/Iris@best").signature is not None
    kept = mlflow.get_logged_model(logged.model_id)
    assert kept.status == "READY" and kept.source_run_id == run.info.run_id and kept.params["c"] == "1"
    assert [m.key for m in kept.metrics] == ["accuracy"] and kept.metrics[0].dataset_name == "iris"
    assert json.loads(kept.tags["mlflow.modelVersions"])[0]["name"] == "Iris"
    outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
    assert [one.model_id for one in outputs] == [logged.model_id]
    seen = mlflow.search_logged_models(filter_string="metrics.accuracy > 0.5 AND params.c = '1'", output_format="list")
    assert [m.model_id for m in seen] == [logged.model_id]
    mlflow.set_logged_model_tags(logged.model_id, {"stage": "done"})
    mlflow.delete_logged_model_tag(logged.model_id, "stage")
    model = mlflow.initialize_logged_model(name="pending", params={"a": "b"})
    mlflow.log_model_params({"d": "e"}, model.model_id)
    mlflow.finalize_logged_model(model.model_id, "FAILED")
    assert mlflow.get_logged_model(model.model_id).status == "FAILED"
    assert {file.path for file in client.list_logged_model_artifacts(logged.model_id)} >= {"MLmodel"}
    client.log_model_artifact(logged.model_id, __file__)
    client.delete_logged_model(model.model_id)
    again = mlflow.register_model(f"models:/{logged.model_id}", "Iris", tags={"a": "b"})
    assert int(again.version) == int(version.version) + 1


def autolog():
    """scikit-learn logs by itself, a search over parameters with its children."""
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV, train_test_split

    mlflow.set_experiment("autolog")
    mlflow.sklearn.autolog(log_datasets=True, max_tuning_runs=3)
    try:
        table, target = load_iris(return_X_y=True, as_frame=True)
        train, test, y_train, y_test = train_test_split(table, target, random_state=7)
        with mlflow.start_run() as run:
            forest = RandomForestClassifier(n_estimators=5, random_state=7).fit(train, y_train)
            forest.score(test, y_test)
        found = mlflow.get_run(run.info.run_id)
        assert found.data.params["n_estimators"] == "5" and "training_accuracy_score" in found.data.metrics
        assert any(key.startswith("RandomForestClassifier_score") for key in found.data.metrics), found.data.metrics
        assert found.inputs.dataset_inputs and found.outputs.model_outputs
        names = {file.path for file in MlflowClient().list_artifacts(run.info.run_id)}
        assert any(name.endswith(".png") for name in names), names
        with mlflow.start_run() as search:
            GridSearchCV(RandomForestClassifier(random_state=7), {"n_estimators": [2, 3]}, cv=2).fit(train, y_train)
        children = mlflow.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{search.info.run_id}'")
        assert len(children) == 2, children
    finally:
        mlflow.sklearn.autolog(disable=True)


def system_metrics():
    """The machine's load beside the run's metrics."""
    mlflow.set_experiment("system")
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(1.5)
    found = mlflow.get_run(run.info.run_id).data.metrics
    assert any(key.startswith("system/cpu") for key in found), found


def prompts():
    """Prompts are registered models with tags."""
    first = mlflow.genai.register_prompt(name="greet", template="Hello {{name}}", commit_message="first", tags={"a": "b"})
    second = mlflow.genai.register_prompt(name="greet", template="Hi {{name}}")
    assert (first.version, second.version) == (1, 2)
    mlflow.genai.set_prompt_alias("greet", alias="live", version=1)
    assert mlflow.genai.load_prompt("prompts:/greet@live").format(name="you") == "Hello you"
    assert [p.name for p in mlflow.genai.search_prompts()] == ["greet"]
    assert "greet" not in [m.name for m in MlflowClient().search_registered_models()]


def out_of_scope():
    """What is not implemented says so, and nothing else breaks by it."""
    client = MlflowClient()
    assert refused("NOT_IMPLEMENTED", client._tracking_client.store.get_trace_info, "tr-1")
    assert refused("NOT_IMPLEMENTED", client.list_webhooks)


def routes():
    """Every route that MLflow's server has is there, or says that it is not implemented."""
    import requests
    from mlflow.server.handlers import get_endpoints

    uri = mlflow.get_tracking_uri()
    told = {"present": 0, "not implemented": 0}
    for path, _, methods in get_endpoints():
        if "2.0mlflow" in path:
            continue  # A slip of MLflow's own.
        for method in methods:
            url = uri + "".join(part if place % 2 == 0 else "x" for place, part in enumerate(path.replace(">", "<").split("<")))
            answer = requests.request(method, url, json={} if method != "GET" else None, timeout=60)
            code = answer.json().get("error_code") if "json" in answer.headers.get("content-type", "") else None
            assert code != "ENDPOINT_NOT_FOUND", f"{method} {path}"
            missing = code == "NOT_IMPLEMENTED" or answer.status_code == 503
            told["not implemented" if missing else "present"] += 1
    print(f"routes: {told}")


SECTIONS = [fluent, artifacts, multipart, datasets, client, registry, models, autolog, system_metrics, prompts, out_of_scope, routes]


def main():
    mlflow.set_tracking_uri(sys.argv[1])
    wanted = sys.argv[2:]
    for section in SECTIONS:
        if not wanted or section.__name__ in wanted:
            began = time.monotonic()
            section()
            print(f"{section.__name__}: passed in {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
