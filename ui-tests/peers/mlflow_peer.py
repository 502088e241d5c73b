"""MLflow's own server, started for a comparison."""

import contextlib
import os
import socket
import subprocess
import sys
import time

import requests


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def real_server(folder):
    """`mlflow server` over SQLite in `folder`; gives its address. What it says goes to server.log there."""
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with open(f"{folder}/server.log", "wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, start_new_session=True)
    try:
        try:
            wait(uri, server)
        except RuntimeError as error:
            with open(f"{folder}/server.log") as said:
                raise RuntimeError(f"{error}: {said.read()[-2000:]}") from None
        yield uri
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, 9)
            server.wait()


def wait(uri, server, seconds=180):
    """Until the server answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            if requests.get(uri + "/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=60).ok:
                return
        except requests.RequestException:
            pass
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
