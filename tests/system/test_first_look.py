"""What a new user sees: the story of `make up`, the README's commands, one trace over every hop, no orphan."""

import asyncio
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backends.running import CHECKOUT
from system.live_stack import LiveStack
from system.otlp_collector import OtlpCollector

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

SNIPPET = re.compile(r"^```sh try(?: exit=(?P<status>\d+))?\n(?P<script>.*?)^```$", re.MULTILINE | re.DOTALL)
STORY_SECONDS = 150.0
SPANS_SECONDS = 30.0


@pytest.fixture(scope="module")
def collector() -> OtlpCollector:
    return OtlpCollector()


@pytest.fixture(scope="module")
def stack(collector: OtlpCollector) -> Iterator[LiveStack]:
    home = Path(tempfile.mkdtemp(prefix="govbus-look-"))
    started = LiveStack(home, {"DEMO": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
    try:
        asyncio.run(started.start())
        deadline = time.monotonic() + STORY_SECONDS
        while "Ready:" not in started.told() and time.monotonic() < deadline and started.runs():
            time.sleep(0.5)
        yield started
    finally:
        started.stop()
        collector.stop()


def test_make_up_tells_its_story_as_it_happens(stack: LiveStack) -> None:
    told = stack.told()
    assert "as expected" in told, told[-3000:]
    places = re.findall(r"→ \S+  (govbus\.\w+)/\d+@\d+  log index \d+  id \S+", told)
    assert {"govbus.facts", "govbus.risk", "govbus.oversight", "govbus.notifications"} <= set(places)


def test_the_readmes_commands_do_what_it_says(stack: LiveStack) -> None:
    snippets = list(SNIPPET.finditer((CHECKOUT / "README.md").read_text(encoding="utf-8")))
    assert len(snippets) >= 3
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")} | {
        "PATH": f"{CHECKOUT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "GOVBUS_HOME": str(stack.home),
        "GOVBUS_URL": stack.url,
        "GOVBUS_SOURCE_TOKEN": stack.credential("source:demo"),
    }
    for snippet in snippets:
        script, expected = snippet["script"], int(snippet["status"] or 0)
        done = subprocess.run(
            ["/bin/bash", "-euc", script], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == expected, f"{script}\n{done.stdout}\n{done.stderr}"


@pytest.mark.usefixtures("stack")
def test_one_trace_goes_from_the_request_over_every_hop_to_the_notification(collector: OtlpCollector) -> None:
    def found(root: str, services: set[str]) -> bool:
        return any(name.startswith(root) and services <= through for name, through in collector.traces())

    deadline = time.monotonic() + SPANS_SECONDS
    while time.monotonic() < deadline:
        over_http = found("POST /v1/events", {"intake", "risk", "notifier"})
        over_kafka = found("intake process", {"intake", "risk", "oversight", "notifier"})
        if over_http and over_kafka:
            return
        time.sleep(0.5)
    pytest.fail(f"no such trace among {sorted(map(str, collector.traces()))[:40]}")


def test_a_killed_supervisor_leaves_no_orphan(stack: LiveStack) -> None:
    children = stack.children()
    assert len(children) >= 9
    stack.kill_supervisor()
    _, alive = psutil.wait_procs(children, timeout=40)
    assert not alive, [process.cmdline() for process in alive]
