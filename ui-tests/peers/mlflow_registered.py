"""Looks at a model that Atelier's own window or verb registered as `diagnosis`, with the real client.

    python mlflow_registered.py http://127.0.0.1:PORT

An empty source would send the client into the folder it is in, where another model lies in wait here.
"""

import os
import pathlib
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
from mlflow import MlflowClient
from sklearn.dummy import DummyRegressor

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()

trap = pathlib.Path("trap").resolve()
mlflow.sklearn.save_model(DummyRegressor(strategy="constant", constant=42.0).fit([[1]], [1]), trap)
os.chdir(trap)

version = client.get_model_version("diagnosis", "1")
assert version.source.startswith("models:/m-"), version.source
place = client.get_model_version_download_uri("diagnosis", "1")
assert place.startswith("mlflow-artifacts:/"), place
files = os.listdir(mlflow.artifacts.download_artifacts("models:/diagnosis/1", dst_path="got"))
assert "model.atelier" in files and "MLmodel" in files, files
own = os.listdir(mlflow.artifacts.download_artifacts(version.source, dst_path="own"))
assert "model.atelier" in own, own
try:
    loaded = mlflow.pyfunc.load_model("models:/diagnosis/1")
except Exception as error:
    assert "python_function" in str(error) or "flavor" in str(error), error
else:
    raise AssertionError(f"another model was loaded: {loaded}")

copy = client.copy_model_version("models:/diagnosis/1", "copy")
assert client.get_model_version_download_uri("copy", copy.version) == place
files = os.listdir(mlflow.artifacts.download_artifacts(f"models:/copy/{copy.version}", dst_path="copied"))
assert "model.atelier" in files, files
run = client.get_run(version.run_id)
found = mlflow.search_runs(filter_string=f"tags.`mlflow.user` = '{run.data.tags['mlflow.user']}' AND tags.mlflow.source.name LIKE '%flowers%'")
assert version.run_id in list(found.run_id), "what is shown as a tag is found"
print("registered ok")
