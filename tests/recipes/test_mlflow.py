"""The recipe for MLflow: a delivery signed as MLflow signs, and MLflow itself."""

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from live.tool_environments import tool_python
from recipes.snippets import COMMAND_SECONDS, run_shell, snippets
from sdk.desk import IntakeDesk

SECONDS = 90.0
REGISTER_A_VERSION = """
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model("churn", description="predicts churn")
client.create_model_version("churn", source="s3://models/churn/1")
"""


@pytest.fixture
def secret(intake: IntakeDesk, admin: dict[str, str]) -> str:
    """The secret that the recipe makes and registers."""
    done = run_shell(snippets("mlflow.md")["register"], admin, intake.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout) == 43
    return done.stdout


def signature_of(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    """Sign as MLflow 3 does. Source: mlflow/webhooks/delivery.py."""
    digest = hmac.new(secret.encode(), f"{delivery_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def test_a_delivery_signed_with_the_recipes_secret_is_a_fact_once(intake: IntakeDesk, secret: str) -> None:
    timestamp = str(int(time.time()))
    body = json.dumps(
        {
            "entity": "registered_model",
            "action": "created",
            "timestamp": "2026-11-23T12:00:00+00:00",
            "data": {"name": "churn", "tags": {}, "description": "predicts churn"},
        }
    ).encode()
    headers = {"x-mlflow-delivery-id": "d1", "x-mlflow-timestamp": timestamp, "content-type": "application/json"}
    statuses = []
    for key in (secret, secret, "another"):
        signed = {**headers, "x-mlflow-signature": signature_of(key, "d1", timestamp, body)}
        statuses.append(httpx2.post(f"{intake.url}/v1/webhooks/mlflow-prod", content=body, headers=signed).status_code)
    assert statuses == [202, 200, 401]
    assert [event.subject for event in intake.accepted()] == ["model/retail/churn"]


@pytest.fixture
def mlflow_server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A live MLflow server with the environment that the recipe asks for; yields that of a client."""
    key_script = snippets("mlflow.md")["server-environment"] + '\nprintf "%s" "$MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"'
    environment = {
        **os.environ,
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": run_shell(key_script, {}, tmp_path).stdout,
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(tool_python("mlflow")),
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    store = ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--artifacts-destination", str(tmp_path / "a")]
    with (tmp_path / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *store], env=environment, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/health", tmp_path / "mlflow.log")
            yield {**environment, "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def wait_until_healthy(url: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.3)
    raise TimeoutError(log.read_text(encoding="utf-8")[-2000:])


@pytest.mark.live
@pytest.mark.timeout(900)
def test_a_live_mlflow_server_tells_of_a_model_and_its_version(
    intake: IntakeDesk, secret: str, mlflow_server: dict[str, str]
) -> None:
    environment = {**mlflow_server, "GOVBUS_URL": intake.url, "MLFLOW_WEBHOOK_SECRET": secret}
    for program in (snippets("mlflow.md")["create-webhook"], REGISTER_A_VERSION):
        subprocess.run(
            [str(tool_python("mlflow")), "-c", program], env=environment, check=True, timeout=COMMAND_SECONDS
        )
    deadline = time.monotonic() + SECONDS
    while len(intake.accepted()) < 2 and time.monotonic() < deadline:
        time.sleep(0.3)
    said = {event.type: event for event in intake.accepted()}
    assert said["dev.govbus.model.registered.v1"].subject == "model/retail/churn"
    assert said["dev.govbus.model.version_created.v1"].json()["version"] == "1"
