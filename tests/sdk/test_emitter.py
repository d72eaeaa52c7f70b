"""Emitting through the spool to the real intake: delivered once, in order, over every failure."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider

from govbus.contracts.facts.model import ModelVersionCreated
from govbus.contracts.limits import EVENT_BYTES
from govbus.sdk import AsyncEmitter, Emitter, Limits, NotAnEvent, NotConfigured, SpoolFull, SpoolUnusable
from govbus.sdk.spool.rows import Said
from govbus.sdk.typed import event_of
from people import Issuer
from sdk.desk import SOURCE, SUBJECT, IntakeDesk, build_intake, register_demo
from sdk.serving import serving

SECONDS = 20.0
UNKNOWN = f"gbs_{'wrong' * 8}xyz"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def waiting_for(emitter: Emitter, detail: str) -> bool:
    """Return whether the sender has found out, in time, what it waits for."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        standing = emitter.status().standing
        if standing is not None and standing.state == "waiting" and detail in standing.detail:
            return True
        time.sleep(0.02)
    return False


def test_what_was_emitted_arrives_once_and_in_order(intake: IntakeDesk) -> None:
    with Emitter(source=SOURCE) as emitter:
        said = [
            emitter.emit("model.version_created", subject=SUBJECT, data={"version": str(number)})
            for number in range(250)
        ]
        assert emitter.flush(SECONDS).done
    assert [event.id for event in intake.accepted()] == [one.id for one in said]
    assert [event.json()["version"] for event in intake.accepted()] == [str(number) for number in range(250)]


def test_its_position_is_the_one_that_intake_answers_with(intake: IntakeDesk) -> None:
    with Emitter(source=SOURCE) as emitter:
        said = emitter.emit("model.registered", subject=SUBJECT)
        assert emitter.flush(SECONDS).done
    parameters = {"source": said.source, "type": said.type, "id": said.id}
    found = httpx2.get(
        f"{intake.url}/v1/events", params=parameters, headers={"authorization": f"Bearer {intake.token}"}
    )
    assert found.json()["position"] == said.position


def test_typed_data_whole_events_and_the_trace_arrive_as_they_were_said(intake: IntakeDesk) -> None:
    tracer = TracerProvider().get_tracer("test")
    with Emitter(source=SOURCE) as emitter, tracer.start_as_current_span("training") as span:
        version = ModelVersionCreated(version="1", framework="sklearn")
        emitter.emit("model.version_created", subject=SUBJECT, data=version, time=AT, dataclassification="confidential")
        emitter.emit_event(event_of(version, SUBJECT, source=f"{SOURCE}/job", id_="mine", time=AT))
        assert emitter.flush(SECONDS).done
    first, second = intake.accepted()
    assert (first.json()["version"], first.json()["framework"]) == ("1", "sklearn")
    assert (first.time, first.dataclassification) == (AT, "confidential")
    assert (first.traceparent or "").split("-")[1] == f"{span.get_span_context().trace_id:032x}"
    assert (second.id, second.source, second.json()) == ("mine", f"{SOURCE}/job", first.json())


def test_an_id_of_ones_own_counts_once_also_when_it_is_said_again_later(intake: IntakeDesk) -> None:
    for _ in range(2):
        with Emitter(source=SOURCE) as emitter:
            emitter.emit("model.registered", subject=SUBJECT, data={"purpose": "churn"}, id_="run-7")
            assert emitter.flush(SECONDS).done
            assert emitter.status().refused_count == 0
    assert [event.id for event in intake.accepted()] == ["run-7"]


def test_what_was_sent_is_nowhere_on_the_disk_soon_after(intake: IntakeDesk) -> None:
    def on_disk() -> bool:
        return any(b"Quetzalcoatl" in file.read_bytes() for file in (intake.folder / "spools").iterdir())

    with Emitter(source=SOURCE) as emitter:
        emitter.emit("model.registered", subject=SUBJECT, data={"purpose": "Quetzalcoatl was angry"})
        assert on_disk()
        assert emitter.flush(SECONDS).done
        deadline = time.monotonic() + SECONDS
        while on_disk() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not on_disk()
    assert len(intake.accepted()) == 1


def test_a_refused_event_is_kept_with_its_problem_and_holds_up_nothing(intake: IntakeDesk) -> None:
    with Emitter(source=SOURCE) as emitter:
        emitter.emit("model.version_created", subject=SUBJECT, data={"version": "1"}, id_="good-1")
        emitter.emit("model.version_created", subject=SUBJECT, data={"version": 2}, id_="bad")
        emitter.emit("model.version_created", subject="model/other/churn", data={"version": "1"}, id_="foreign")
        emitter.emit("model.version_created", subject=SUBJECT, data={"version": "3"}, id_="good-2")
        assert emitter.flush(SECONDS).done
        kept = emitter._spool.refused()
    assert [event.id for event in intake.accepted()] == ["good-1", "good-2"]
    assert [(event.said.id, event.status) for event in kept] == [("bad", 422), ("foreign", 403)]
    assert kept[0].problem["errors"][0]["pointer"] == "/version"


def test_a_batch_that_cannot_be_read_as_a_whole_is_sent_one_by_one(intake: IntakeDesk) -> None:
    with Emitter(source=SOURCE) as emitter:
        for number in range(5):
            if number == 2:
                emitter.append(Said("2", SOURCE, "t", SUBJECT, b'{"rubbish'))
            else:
                emitter.emit("model.registered", subject=SUBJECT, id_=str(number))
        assert emitter.flush(SECONDS).done
        assert [event.said.id for event in emitter._spool.refused()] == ["2"]
    assert [event.id for event in intake.accepted()] == ["0", "1", "3", "4"]


def test_with_a_wrong_credential_everything_waits_and_says_so(
    intake: IntakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    with Emitter(source=SOURCE, url=intake.url, token=UNKNOWN) as emitter:
        emitter.emit("model.registered", subject=SUBJECT)
        assert waiting_for(emitter, "No such credential")
        left = emitter.flush(0.2)
        assert (left.done, left.waiting_count) == (False, 1)
        assert "No such credential" in left.why
        emitter.close(timeout_seconds=0.1)
    assert "1 events wait" in caplog.text
    assert UNKNOWN not in caplog.text
    assert intake.accepted() == []
    with Emitter(source=SOURCE) as emitter:
        assert emitter.flush(SECONDS).done
    assert len(intake.accepted()) == 1


def test_while_govbus_is_away_events_wait_and_arrive_in_order_when_it_is_back(
    alone: Path, service_database: Callable[[str], str], issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "govbus.sdk")
    dsn = service_database("intake")
    with serving(build_intake(dsn, issuer, alone)) as url:
        token = register_demo(url, issuer)
    port = int(url.rpartition(":")[2])
    with Emitter(source=SOURCE, url=url, token=token) as emitter:
        said = [emitter.emit("model.registered", subject=SUBJECT, data={"purpose": str(n)}).id for n in range(120)]
        assert waiting_for(emitter, "does not answer")
        with serving(build_intake(dsn, issuer, alone), port) as again:
            assert again == url
            assert emitter.flush(SECONDS).done
            accepted = IntakeDesk(url, token, dsn, issuer, alone).accepted()
    assert [event.id for event in accepted] == said
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_source_that_may_only_send_slowly_waits_as_long_as_it_is_asked_to(intake: IntakeDesk, tmp_path: Path) -> None:
    limited = {"name": "slow", "source": "//slow", "namespace": "slow", "limits": {"events_per_second": 100}}
    token = register_demo(intake.url, intake.issuer, **limited)
    with Emitter(source="//slow", token=token, spool=tmp_path / "slow.sqlite3") as emitter:
        said = [emitter.emit("model.registered", subject="model/slow/churn").id for _ in range(500)]
        assert waiting_for(emitter, "Too many events")
        standing = emitter._sender.standing
        assert standing.retry_after_seconds is not None
        assert standing.retry_after_seconds >= 1
        assert emitter.flush(SECONDS).done
    assert [event.id for event in intake.accepted()] == said


def test_threads_share_an_emitter_and_each_ones_order_is_kept(intake: IntakeDesk) -> None:
    with Emitter(source=SOURCE) as emitter, ThreadPoolExecutor(8) as pool:

        def emit_all(worker: int) -> None:
            for number in range(25):
                emitter.emit("model.registered", subject=f"model/demo/{worker}", id_=f"{worker}-{number:02}")

        list(pool.map(emit_all, range(8)))
        assert emitter.flush(SECONDS).done
    accepted = [event.id for event in intake.accepted()]
    assert len(accepted) == len(set(accepted)) == 200
    for worker in range(8):
        own = [id_ for id_ in accepted if id_.startswith(f"{worker}-")]
        assert own == sorted(own)


def test_a_forked_child_and_its_parent_go_on_with_the_same_spool(intake: IntakeDesk) -> None:
    script = (
        "import os, sys\n"
        "from govbus.sdk import Emitter\n"
        f"emitter = Emitter(source='{SOURCE}')\n"
        f"emit = lambda id_: emitter.emit('model.registered', subject='{SUBJECT}', id_=id_)\n"
        "emit('before'); children = []\n"
        "for number in range(4):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        for step in range(5): emit(f'child-{number}-{step}')\n"
        "        os._exit(0 if emitter.flush(20).done else 1)\n"
        "    children.append(child); emit(f'parent-{number}')\n"
        "codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]\n"
        "assert emitter.flush(20).done; print(codes)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "[0, 0, 0, 0]", done.stderr
    expected = {"before"} | {f"parent-{n}" for n in range(4)} | {f"child-{n}-{s}" for n in range(4) for s in range(5)}
    accepted = [event.id for event in intake.accepted()]
    assert sorted(accepted) == sorted(expected)


def test_a_program_that_forgets_to_close_still_sends_what_it_said(intake: IntakeDesk) -> None:
    script = f"from govbus.sdk import Emitter; Emitter(source='{SOURCE}').emit('model.registered', subject='{SUBJECT}')"
    kept = f"{script.replace('Emitter(source', 'held = Emitter(source').replace(').emit', '); held.emit')}"
    subprocess.run([sys.executable, "-c", kept], check=True, timeout=60)
    assert len(intake.accepted()) == 1


async def test_the_async_twin_means_the_same(intake: IntakeDesk) -> None:
    tracer = TracerProvider().get_tracer("test")
    async with AsyncEmitter(source=SOURCE) as emitter:
        with tracer.start_as_current_span("training") as span:
            said = [await emitter.emit("model.registered", subject=SUBJECT, id_=str(number)) for number in range(30)]
            many = [emitter.emit("model.registered", subject=SUBJECT, id_=f"{number}") for number in range(30, 60)]
            said += await asyncio.gather(*many)
        await emitter.emit_event(event_of(ModelVersionCreated(version="1"), SUBJECT, source=SOURCE))
        assert (await emitter.flush(SECONDS)).done
        assert (await emitter.status()).waiting_count == 0
    accepted = await asyncio.to_thread(intake.accepted)
    assert [event.id for event in accepted[:60]] == [one.id for one in said] == [str(number) for number in range(60)]
    assert f"{span.get_span_context().trace_id:032x}" in (accepted[0].traceparent or "")


def test_what_cannot_be_an_event_is_refused_where_it_is_said(alone: Path) -> None:
    with Emitter(source=SOURCE, url="http://127.0.0.1:9", token="t") as emitter:
        for subject, data in (("", {}), (SUBJECT, {"a": float("nan")}), (SUBJECT, {"a": object()}),
                              (SUBJECT, {"a": "\ud800"}), (SUBJECT, {"a": "x" * EVENT_BYTES})):  # fmt: skip
            with pytest.raises(NotAnEvent):
                emitter.emit("model.registered", subject=subject, data=data)
        with pytest.raises(NotAnEvent, match="needs a zone"):
            emitter.emit("model.registered", subject=SUBJECT, time=datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake
        assert emitter.status().waiting_count == 0
    assert alone.is_dir()


def test_a_credential_is_only_sent_to_the_address_that_it_belongs_to(alone: Path) -> None:
    (alone / ".govbus").mkdir()
    document = {"url": "http://127.0.0.1:9", "credentials": {"source:demo": "gbs_local"}}
    (alone / ".govbus" / "endpoints.json").write_text(json.dumps(document))
    with pytest.raises(NotConfigured, match="GOVBUS_TOKEN"):
        Emitter(source=SOURCE, url="https://elsewhere.example")
    with Emitter(source=SOURCE, url="http://127.0.0.1:9/") as emitter:
        assert emitter._token == "gbs_local"


@pytest.mark.usefixtures("alone")
def test_a_full_spool_and_a_closed_emitter_say_so() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        emitter = Emitter(source=SOURCE, url=url, token="t", limits=Limits(rows_count=1))
        emitter.emit("model.registered", subject=SUBJECT)
        with pytest.raises(SpoolFull, match="govbus spool status"):
            emitter.emit("model.registered", subject=SUBJECT)
        assert emitter.close(timeout_seconds=0.1).waiting_count == 1
    with pytest.raises(SpoolUnusable, match="closed"):
        emitter.emit("model.registered", subject=SUBJECT)
    with pytest.raises(NotConfigured):
        Emitter(source=SOURCE)
