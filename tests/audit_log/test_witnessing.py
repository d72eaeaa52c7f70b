"""The log and its witnesses: real ones, in processes of their own, and ones that answer as no witness should."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from typing_extensions import override

from audit_log.desk import NOW, Desk, event, settings
from backends.running import RunningPostgres
from govbus.audit_log.app import build_app
from govbus.audit_log.domain.witnessing import WitnessFailed, WitnessState, failed, remembered, succeeded
from govbus.audit_log.fsck import fsck
from govbus.audit_log.store.witnesses import insert_cosignature
from govbus.audit_log.witness_client import Cosignature, WitnessClient
from govbus.contracts.translog.add_checkpoint import AddCheckpoint
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govbus.contracts.translog.cosignature import cosign
from govbus.contracts.translog.note import parse_note
from govbus.contracts.translog.policy import parse_policy, quorum_met
from govbus.contracts.translog.proof import parse_proof
from govbus.contracts.translog.verification import verify_proof
from govbus.contracts.translog.vkey import COSIGNATURE, VerificationKey, parse_vkeys
from govbus.eventing.manifest import StartRefused
from govbus.sdk.cli.program import run
from translog_answers import known
from witness.desk import private_key
from witness.running import free_port, running, witness_arguments

TIMEOUT_SECONDS = 3.0
"""Long for a witness on a busy machine, and what the test of a frozen one takes."""

_SIZE = "text/x.tlog.size"
_NOTE = str(sign_checkpoint(Checkpoint(known.ORIGIN, 5, known.ROOTS[5]), known.signer()))
_TEXT = Checkpoint(known.ORIGIN, 5, known.ROOTS[5]).text()
_KEY = VerificationKey("witness.example/w1", COSIGNATURE, private_key().public_key().public_bytes_raw())


def _settings(dsn: str, folder: Path, policy: str, **changes: Any) -> Any:
    file = folder / "policy"
    file.write_text(policy, encoding="ascii")
    values: dict[str, Any] = {
        "audit_log_witness_policy_file": file,
        "audit_log_witness_timeout_seconds": TIMEOUT_SECONDS,
        "audit_log_witness_allow_private_network": True,
    }
    return settings(dsn, folder, **(values | changes))


async def _grow(desk: Desk, id_: str) -> None:
    await desk.enter(event(id_))
    await desk.sign()
    await desk.do("copy")


async def _ask(desk: Desk) -> None:
    """Ask the witnesses now, whatever pause their failures brought."""
    await desk.do("witness")


async def _shown(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.get("/v1/log/witnesses")).json()
    return found


async def _stranger(desk: Desk, folder: Path, vkey: str) -> int:
    """Return the exit code of `govbus verify --policy` for entry 1 under the newest checkpoint."""
    [(entry,)] = await desk.rows("SELECT entry FROM entry WHERE idx = 1")
    (folder / "1.entry").write_bytes(bytes(entry))
    (folder / "1.tlog-proof").write_text((await desk.get("/v1/log/entries/1/proof")).text, encoding="utf-8")
    files = [str(folder / name) for name in ("1.tlog-proof", "1.entry")]
    return run(["verify", *files, "--key", vkey, "--policy", str(folder / "policy")])


@pytest.fixture
async def unwatched(log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A log before it has witnesses, so that its vkey is known."""
    desk = Desk(settings(log_dsn, tmp_path))
    await desk.sign()
    yield desk
    await desk.close()


@pytest.mark.processes
async def test_two_witnesses_are_a_quorum_one_frozen_is_none_and_the_log_goes_on(
    unwatched: Desk, log_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govbus.audit_log.domain.witnessing._FIRST_PAUSE_SECONDS", 0.0)
    vkey = (await unwatched.get("/v1/log/key")).text.strip()
    with ExitStack() as stack:
        children, lines = [], []
        for name in ("w1", "w2"):
            port = free_port()
            child = stack.enter_context(running(witness_arguments(tmp_path, vkey, port, name), port))
            assert child.stdout is not None
            lines.append(f"witness {name} {child.stdout.readline().strip()} http://127.0.0.1:{port}")
            children.append(child)
        policy = "\n".join([f"log {vkey}", *lines, "group both 2 w1 w2", "quorum both", ""])
        desk = Desk(_settings(log_dsn, tmp_path, policy, audit_log_publish_needs_quorum=True))
        await desk.sign()

        await _grow(desk, "a")
        assert (await _shown(desk))["quorum"]["met"] is False
        await _ask(desk)
        assert (await _shown(desk))["quorum"] == {"name": "both", "met": True, "size": 1, "is_required": True}
        assert (await desk.get("/v1/log/entries/0", "viewer")).json()["state"] == "published"
        parsed = parse_policy(policy.encode())
        note = (await desk.get("/v1/log/checkpoint")).text
        assert quorum_met(parsed, open_checkpoint(note, parse_vkeys(vkey), parsed.witness_keys).cosigned_by)

        os.kill(children[1].pid, signal.SIGSTOP)
        await _grow(desk, "b")
        await _ask(desk)
        found = await _shown(desk)
        assert (found["checkpoint_size"], found["quorum"]["met"], found["quorum"]["size"]) == (2, False, 1)
        assert [(it["size"], it["failure"]) for it in found["witnesses"]] == [(2, None), (1, "timeout")]
        assert (await desk.get("/v1/log/entries/1", "viewer")).json()["state"] == "integrated"
        assert await _stranger(desk, tmp_path, vkey) == 1
        assert await desk.rows("SELECT max(checkpoint_size) FROM place_cursor WHERE place <> 'topic'") == [(2,)]
        assert desk.service.refusal is None
        proof = (await desk.get("/v1/log/entries/0/proof?witnessed=true")).text
        assert parse_proof(proof).checkpoint.partition("\n\n")[0] == note.partition("\n\n")[0]

        os.kill(children[1].pid, signal.SIGCONT)
        await _grow(desk, "c")
        await _ask(desk)
        await _ask(desk)
        found = await _shown(desk)
        assert (found["quorum"]["met"], found["quorum"]["size"]) == (True, 3)
        assert (await desk.get("/v1/log/entries/1", "viewer")).json()["state"] == "published"
        [entry] = [bytes(row[0]) for row in await desk.rows("SELECT entry FROM entry WHERE idx = 1")]
        proof = (await desk.get("/v1/log/entries/1/proof")).text
        verified = verify_proof(entry, proof, vkey, witness_vkeys=[str(key) for key in parsed.witness_keys])
        assert quorum_met(parsed, verified.cosigned_by)
        assert await _stranger(desk, tmp_path, vkey) == 0
        metrics = (await desk.get("/metrics")).text
        assert 'govbus_log_witness_size_entries{witness="witness.example/w2"} 3.0' in metrics
        assert "govbus_log_witness_quorum 1.0" in metrics
        await desk.close()


@pytest.mark.processes
async def test_a_log_that_lost_a_cosignature_learns_from_the_witness_where_it_stood(
    unwatched: Desk, log_dsn: str, tmp_path: Path
) -> None:
    vkey = (await unwatched.get("/v1/log/key")).text.strip()
    port = free_port()
    with running(witness_arguments(tmp_path, vkey, port, "w1"), port) as child:
        assert child.stdout is not None
        policy = f"witness w1 {child.stdout.readline().strip()} http://127.0.0.1:{port}/\nquorum w1\n"
        desk = Desk(_settings(log_dsn, tmp_path, policy))
        await desk.sign()
        await _grow(desk, "a")
        note = (await desk.get("/v1/log/checkpoint")).text
        given = httpx2.post(
            f"http://127.0.0.1:{port}/add-checkpoint", content=f"old 0\n\n{note}".encode(), trust_env=False
        )
        assert given.status_code == 200
        await desk.enter(event("b"), event("c"))
        await desk.sign()
        await _ask(desk)
        assert [it["size"] for it in (await _shown(desk))["witnesses"]] == [3]
        await desk.close()


async def test_fsck_finds_a_stored_cosignature_that_is_not_of_its_checkpoint(desk: Desk) -> None:
    for size, signs in ((1, True), (2, False)):
        await desk.enter(event(str(size)))
        await desk.sign()
        text = parse_note((await desk.get("/v1/log/checkpoint")).text).text
        line = str(cosign(_KEY.name, private_key(), text if signs else "another text\n", 1))
        async with desk.service.transaction() as (connection, _):
            await insert_cosignature(connection, str(_KEY), size, line, NOW)
    wrong = [fault for fault in (await fsck(desk.settings)).faults if "cosignature" in fault]
    assert [fault.partition(" by ")[0] for fault in wrong] == ["the cosignature of size 2"]


@pytest.mark.processes
async def test_a_log_restored_behind_its_witness_gets_no_cosignature_for_another_history(
    unwatched: Desk, postgres: RunningPostgres, log_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("govbus.audit_log.domain.witnessing._FIRST_PAUSE_SECONDS", 0.0)
    vkey = (await unwatched.get("/v1/log/key")).text.strip()
    port = free_port()
    with running(witness_arguments(tmp_path, vkey, port, "w1"), port) as child:
        assert child.stdout is not None
        policy = f"witness w1 {child.stdout.readline().strip()} http://127.0.0.1:{port}/\nquorum w1\n"
        first = Desk(_settings(log_dsn, tmp_path, policy, audit_log_publish_needs_quorum=True))
        await first.sign()
        await first.enter(event("a"), event("b"))
        await first.sign()
        await _ask(first)
        assert (await _shown(first))["quorum"]["met"] is True

        restored_dsn = postgres.create_service_database("audit_log")
        restored = Desk(_settings(restored_dsn, tmp_path, policy, audit_log_publish_needs_quorum=True))
        await restored.sign()
        await _grow(restored, "x")
        await _ask(restored)
        assert (await _shown(restored))["witnesses"][0]["failure"] == "ahead"
        await restored.enter(event("y"))
        await restored.sign()
        await _ask(restored)
        assert (await _shown(restored))["witnesses"][0]["failure"] == "another_history"
        await _grow(restored, "z")
        await _ask(restored)
        assert (await _shown(restored))["witnesses"][0]["failure"] == "http_422"
        assert (await _shown(restored))["quorum"] == {"name": "w1", "met": False, "size": 0, "is_required": True}
        assert (await restored.get("/v1/log/entries/0", "viewer")).json()["state"] == "integrated"
        await first.close()
        await restored.close()
    postgres.drop_database(restored_dsn)


Answer = tuple[int, str, bytes]


@contextmanager
def _answering(*answers: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """Serve these answers, the last one for ever; yield the address and the bodies that came."""
    bodies: list[bytes] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            status, media_type, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("location", "http://127.0.0.1:1/")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((403, "text/plain", b""), "http_403"),
        ((404, "text/plain", b"unknown log"), "http_404"),
        ((422, "text/plain", b""), "http_422"),
        ((500, "text/plain", b""), "http_500"),
        ((302, "text/plain", b""), "http_302"),
        ((409, "text/plain", b"1\n"), "http_409"),
        ((409, _SIZE, b"-1\n"), "bad_answer"),
        ((409, _SIZE, b"01\n"), "bad_answer"),
        ((409, _SIZE, b"1"), "bad_answer"),
        ((200, "text/plain", b""), "bad_answer"),
        ((200, "text/plain", b"\xff\xfe"), "bad_answer"),
        ((200, "text/plain", b"x" * 70_000), "bad_answer"),
        ((200, "text/plain", str(cosign(_KEY.name, private_key(), "else\n", 1)).encode()), "bad_answer"),
        ((200, "text/plain", str(cosign("w2", private_key(), _TEXT, 1)).encode()), "bad_answer"),
        ((200, "text/plain", str(cosign(_KEY.name, private_key(), _TEXT, 2**40)).encode()), "bad_answer"),
    ],
)
async def test_an_answer_without_a_cosignature_is_named(answer: Answer, reason: str) -> None:
    with _answering(answer) as (url, _):
        async with httpx2.AsyncClient(trust_env=False) as http:
            client = WitnessClient(url, _KEY, http, TIMEOUT_SECONDS, allow_private_network=True)
            with pytest.raises(WitnessFailed) as failed_:
                await client.ask(AddCheckpoint(0, (), _NOTE))
    assert failed_.value.reason == reason


async def test_lines_of_other_keys_beside_the_cosignature_are_ignored() -> None:
    lines = [str(cosign(name, private_key(), _TEXT, 7)) for name in ("w2", _KEY.name)]
    with _answering((200, "text/plain", "".join(lines).encode())) as (url, bodies):
        async with httpx2.AsyncClient(trust_env=False) as http:
            client = WitnessClient(f"{url}/prefix/", _KEY, http, TIMEOUT_SECONDS, allow_private_network=True)
            found = await client.ask(AddCheckpoint(0, (), _NOTE))
    assert isinstance(found, Cosignature)
    assert (str(found.signature), found.at_seconds) == (lines[1], 7)
    assert bodies == [f"old 0\n\n{_NOTE}".encode()]


@pytest.mark.parametrize(
    ("answers", "reason", "asked"),
    [
        ([(409, _SIZE, b"1\n"), (409, _SIZE, b"2\n")], "bad_answer", [0, 1]),
        ([(409, _SIZE, b"0\n")], "another_history", [0]),
        ([(409, _SIZE, b"9\n")], "ahead", [0]),
    ],
)
async def test_a_witness_that_stands_elsewhere_is_named_left_alone_for_a_moment_and_nothing_is_kept(
    log_dsn: str, tmp_path: Path, answers: list[Answer], reason: str, asked: list[int]
) -> None:
    with _answering(*answers) as (url, bodies):
        desk = Desk(_settings(log_dsn, tmp_path, f"witness w1 {_KEY} {url}\nquorum w1\n"))
        await desk.sign()
        await desk.enter(event("a"), event("b"))
        await desk.sign()
        await _ask(desk)
        [found] = (await _shown(desk))["witnesses"]
        assert (found["failure"], found["failure_count"], found["size"]) == (reason, 1, 0)
        assert [body.partition(b"\n")[0] for body in bodies] == [f"old {size}".encode() for size in asked]
        assert await desk.rows("SELECT count(*) FROM cosignature") == [(0,)]
        assert desk.service.refusal is None
        await _ask(desk)
        assert len(bodies) == len(asked)
        await desk.close()


async def test_a_witness_on_this_machine_is_asked_only_where_that_is_allowed(log_dsn: str, tmp_path: Path) -> None:
    with _answering((200, "text/plain", b"")) as (url, bodies):
        policy = f"witness w1 {_KEY} {url}\nquorum w1\n"
        desk = Desk(_settings(log_dsn, tmp_path, policy, audit_log_witness_allow_private_network=False))
        await desk.sign()
        await _grow(desk, "a")
        await _ask(desk)
        assert (await _shown(desk))["witnesses"][0]["failure"] == "address_not_allowed"
        assert bodies == []
        await desk.close()


async def test_a_log_without_witnesses_waits_for_none_and_says_so(unwatched: Desk) -> None:
    async with unwatched.service.transaction() as (connection, _):
        await connection.exec_driver_sql("UPDATE witness_quorum SET is_required = true")
    await unwatched.do("witness")
    await _grow(unwatched, "a")
    assert await _shown(unwatched) == {
        "quorum": {"name": "none", "met": True, "size": 0, "is_required": False},
        "checkpoint_size": 1,
        "witnesses": [],
    }
    assert (await unwatched.get("/v1/log/entries/0", "viewer")).json()["state"] == "published"
    answer = await unwatched.get("/v1/log/checkpoint?witnessed=true")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no_witnessed_checkpoint_yet")


@pytest.mark.parametrize(
    ("policy", "because"),
    [
        ("quorum", "line 1: a quorum is written"),
        (f"log {known.VKEY}\nquorum none", "none with a key of govbus.local/audit"),
        (f"witness w {_KEY} ftp://x\nquorum none", "not the http or https address"),
        (f"witness w {_KEY} https://u:p@x\nquorum none", "has a user"),
        (f"witness w {_KEY} https://x:y\nquorum none", "is no address"),
    ],
)
def test_a_policy_that_cannot_be_used_refuses_the_start(tmp_path: Path, policy: str, because: str) -> None:
    with pytest.raises(StartRefused, match=because):
        build_app(_settings("postgresql+asyncpg://nowhere/x", tmp_path, policy))


def test_a_quorum_that_is_needed_and_not_configured_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="nothing would ever be published"):
        build_app(settings("postgresql+asyncpg://nowhere/x", tmp_path, audit_log_publish_needs_quorum=True))


def test_pauses_double_up_to_a_minute_and_end_with_a_success() -> None:
    state, pauses = WitnessState(), []
    for _ in range(9):
        state = failed(state, "timeout", 100.0)
        pauses.append(state.not_before_seconds - 100.0)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert not state.is_due(5, 130.0)
    assert state.is_due(5, 160.0)
    assert succeeded(5, 1).is_due(6, 0.0)
    assert not succeeded(5, 1).is_due(5, 0.0)
    assert remembered(succeeded(5, 1), 3, 0).size == 5
