"""The witness as a process: over HTTP, killed, and started wrongly."""

import sys
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

from govbus.audit_log.witness.command import witness
from govbus.audit_log.witness.state import WitnessState
from govbus.audit_log.witness.web import BODY_BYTES
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.vkey import COSIGNATURE, parse_vkey
from translog_answers import known
from witness.desk import LOGS, request
from witness.running import free_port, running, witness_arguments


def _post(port: int, body: bytes) -> httpx2.Response:
    return httpx2.post(f"http://127.0.0.1:{port}/add-checkpoint", content=body, timeout=10, trust_env=False)


@pytest.mark.processes
def test_a_started_witness_prints_its_key_answers_and_remembers(tmp_path: Path) -> None:
    port = free_port()
    arguments = witness_arguments(tmp_path, known.VKEY, port, "w1")
    with running(arguments, port) as child:
        assert child.stdout is not None
        key = parse_vkey(child.stdout.readline())
        assert (key.name, key.kind) == ("witness.example/w1", COSIGNATURE)
        answer = _post(port, request(0, 5))
        assert (answer.status_code, answer.headers["content-type"]) == (HTTPStatus.OK, "text/plain; charset=utf-8")
        note = request(0, 5).decode().partition("\n\n")[2]
        assert open_checkpoint(note + answer.text, LOGS[known.ORIGIN], [key]).cosigned_by == (key,)
        assert _post(port, b"x" * (BODY_BYTES + 1)).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        wrong_verb = httpx2.get(f"http://127.0.0.1:{port}/add-checkpoint", trust_env=False)
        assert wrong_verb.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert (tmp_path / "w1.key").stat().st_mode & 0o777 == 0o600
    with running(arguments, port):
        answer = _post(port, request(0, 7))
        assert (answer.status_code, answer.text) == (HTTPStatus.CONFLICT, "5\n")
        assert answer.headers["content-type"].partition(";")[0] == "text/x.tlog.size"
        assert _post(port, request(5, 7)).status_code == HTTPStatus.OK


@pytest.mark.processes
def test_killed_between_storing_and_answering_it_still_refuses_the_fork(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "witness.sqlite"
    program = Path(__file__).with_name("killed_before_answering.py")
    with running([sys.executable, str(program), str(file), str(port)], port) as child:
        with pytest.raises(httpx2.HTTPError):
            _post(port, request(0, 5))
        assert child.wait(10) == -9
    state = WitnessState(file)
    assert state.last(known.ORIGIN).size == 5
    state.close()


def test_a_key_whose_state_is_gone_witnesses_nothing_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    key.write_text("ab" * 32, encoding="ascii")
    key.chmod(0o600)
    assert witness(key=key, log=(known.VKEY,), state=tmp_path / "gone.sqlite") == 1
    assert "Retire the key" in capsys.readouterr().err
    assert not (tmp_path / "gone.sqlite").exists()


@pytest.mark.parametrize(
    ("log", "listen", "code", "because"),
    [
        (known.VKEY, "nowhere", 2, "is not HOST:PORT"),
        (known.VKEY, "127.0.0.1:70000", 2, "is not HOST:PORT"),
        ("a+b+c", "127.0.0.1:0", 1, "c"),
    ],
)
def test_a_wrong_start_is_one_sentence_and_makes_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log: str, listen: str, code: int, because: str
) -> None:
    key = tmp_path / "key"
    assert witness(key=key, log=(log,), state=tmp_path / "state", listen=listen) == code
    found = capsys.readouterr()
    assert because in found.err
    assert found.err.count("\n") == 1
    assert not key.exists()
