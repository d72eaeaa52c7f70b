"""The tools themselves, unmodified, pointed at a running Govbus."""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backends.running import CHECKOUT
from live.tool_environments import tool_python
from system.live_stack import LiveStack

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

EMITTERS = Path(__file__).parent / "emitters"
ARRIVAL_SECONDS = 60.0
START_SECONDS = 120.0


@pytest.fixture(scope="module")
def stack() -> Iterator[LiveStack]:
    """The whole local stack."""
    started = LiveStack(Path(tempfile.mkdtemp(prefix="govbus-live-")), {})
    try:
        asyncio.run(started.start())
        yield started
    finally:
        started.stop()


def run(tool: str, script: str, *arguments: object, **environment: str) -> None:
    """Run one of the emitters with its tool's own Python."""
    command = [str(tool_python(tool)), str(EMITTERS / script), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env={**_environment(), **environment}
    )
    assert done.returncode == 0, done.stderr[-3000:]


def govbus(stack: LiveStack, *arguments: object) -> Any:
    """Run the command line against the stack and return what it prints."""
    command = [str(CHECKOUT / ".venv" / "bin" / "govbus"), *map(str, arguments), "--json"]
    environment = {**_environment(), "GOVBUS_HOME": str(stack.home)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def registered(stack: LiveStack, name: str, **settings: Any) -> str:
    """Register a source and return its credential."""
    headers = {"authorization": f"Bearer {stack.credential('admin')}"}
    body = {"name": name, "source": f"//{name}/live", "namespace": "live", "mapping": name, **settings}
    answer = httpx2.post(f"{stack.url}/v1/sources", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["credential"])


def entries(stack: LiveStack, subject: str, count: int) -> list[dict[str, Any]]:
    """Return the facts about a subject once the log has at least `count` of them."""
    headers = {"authorization": f"Bearer {stack.credential('auditor')}"}
    deadline = time.monotonic() + ARRIVAL_SECONDS
    found: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        query = {"subject": subject, "limit": "200"}
        answer = httpx2.get(f"{stack.url}/v1/log/entries", params=query, headers=headers, trust_env=False)
        found = [one for one in answer.json()["items"] if one["kafka"]["topic"] == "govbus.facts"]
        if len(found) >= count:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{len(found)} of {count} facts about {subject}: {found}")


def _environment() -> dict[str, str]:
    dropped = ("GOVBUS_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Run an MLflow server whose webhooks may go to this machine."""
    python = tool_python("mlflow")
    key = subprocess.run(
        [str(python), "-c", "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.strip()  # fmt: skip
    address = f"http://127.0.0.1:{(port := _free_port())}"
    allowed = {
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": key,
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    }
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"],
            cwd=folder, stdout=log, stderr=log, env={**_environment(), **allowed}, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_healthy(f"{address}/health", server, folder / "mlflow.log")
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(address, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.5)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


def test_an_mlflow_server_with_govbus_as_webhook_target(stack: LiveStack, tmp_path: Path) -> None:
    secret = secrets.token_urlsafe(24)
    registered(stack, "mlflow", signature={"scheme": "mlflow", "secret": secret})
    with mlflow_server(tmp_path) as server:
        run("mlflow", "mlflow_registry.py", server, f"{stack.url}/v1/webhooks/mlflow", secret)
        found = entries(stack, "model/live/live-scorer", 3)
    types = {one["type"] for one in found}
    assert {"dev.govbus.model.registered.v1", "dev.govbus.model.version_created.v1"} <= types
    assert {one["source"] for one in found} == {"//mlflow/live"}


def test_an_openlineage_emitter_with_govbus_as_its_url(stack: LiveStack) -> None:
    credential = registered(stack, "openlineage")
    run("openlineage", "openlineage_run.py", OPENLINEAGE_URL=stack.url, OPENLINEAGE_API_KEY=credential)
    subject = "dataset/live/warehouse%2Fcurated.loans"
    found = [one for one in entries(stack, subject, 1) if one["type"] == "dev.govbus.dataset.version_created.v1"]
    assert len(found) == 1


def test_an_evidently_report(stack: LiveStack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run("evidently", "evidently_report.py", report)
    govbus(stack, "import", report, "--as", "evidently", "--subject", "model/demo/live-evidently", "--version", "1")
    (fact,) = [one for one in entries(stack, "model/demo/live-evidently", 1) if "validation.completed" in one["type"]]
    assert _outcome(stack, fact) == "failed"


def test_a_great_expectations_run_and_an_empty_suite_that_is_no_pass(stack: LiveStack, tmp_path: Path) -> None:
    failing, empty = tmp_path / "failing.json", tmp_path / "empty.json"
    run("great_expectations", "great_expectations_run.py", failing, empty)
    outcomes = {}
    for file in (failing, empty):
        subject = f"model/demo/live-gx-{file.stem}"
        govbus(stack, "import", file, "--as", "great_expectations", "--subject", subject, "--version", "1")
        (fact,) = [one for one in entries(stack, subject, 1) if "validation.completed" in one["type"]]
        outcomes[file.stem] = _outcome(stack, fact)
    assert outcomes == {"failing": "failed", "empty": "nothing_ran"}


def _outcome(stack: LiveStack, entry: dict[str, Any]) -> str:
    headers = {"authorization": f"Bearer {stack.credential('auditor')}"}
    answer = httpx2.get(f"{stack.url}/v1/log/entries/{entry['index']}", headers=headers, trust_env=False)
    return str(answer.json()["payload"]["outcome"])
