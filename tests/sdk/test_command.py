"""The command as scripts see it: exit codes, one line of error, no stack trace."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from govbus.eventing.access import Access
from govbus.sdk.cli.output import harmless
from govbus.sdk.cli.program import run

Bare = Callable[[dict[str, str]], None]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.govbus` folder and no environment of the machine's own."""
    for name in ("GOVBUS_URL", "GOVBUS_TOKEN", "GOVBUS_HOME", "GOVBUS_LOG_VKEY", "GOVBUS_SOURCE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["gate", "model/a/b"],
        ["gate", "model/a/b", "1", "--environment", "production", "--wait", "-1"],
        ["emit"],
        ["emit", "-", "--type", "model.registered"],
        ["emit", "missing.json"],
        ["emit", "--type", "model.registered", "--data", "{"],
        ["verify"],
        ["verify", "--all", "--index", "1"],
        ["status"],
        ["token", "--role", "king"],
        ["token", "--role", "viewer", "--ttl", "1y"],
        ["log", "proof", "1"],
    ],
)
def test_wrong_use_is_exit_code_2_with_words_and_no_stack_trace(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.err
    assert "Traceback" not in said.err


def test_nobody_there_is_exit_code_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GOVBUS_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setenv("GOVBUS_TOKEN", "x")
        assert run(["gate", "model/a/b", "1", "--environment", "production"]) == 3
        assert run(["status"]) == 3
        assert run(["emit", "--type", "model.registered", "--subject", "model/a/b"]) == 3
    assert "does not answer" in capsys.readouterr().err


def test_with_json_a_failure_is_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rubbish.json").write_text("rubbish")
    assert run(["verify", "rubbish.json", "--json"]) == 1
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert (answer["verified"], answer["error"]["exit_code"]) == (False, 1)
    assert said.err
    assert run(["status", "--json"]) == 2
    assert "endpoints.json" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_token_made_here_is_one_that_services_accept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
    keys = tmp_path / ".govbus" / "keys"
    keys.mkdir(parents=True)
    issuer = "http://127.0.0.1:8400"
    document = {"issuer": issuer, "kid": key.kid, "jwk": key.as_dict(private=True)}
    (keys / "issuer.json").write_text(json.dumps(document))
    (tmp_path / ".govbus" / "endpoints.json").write_text(json.dumps({"url": issuer}))
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))

    arguments = ["token", "--role", "operator", "--role", "reviewer:risk", "--ttl", "5m", "--person", "alice", "--json"]
    assert run(arguments) == 0
    made = json.loads(capsys.readouterr().out)
    principal = Access(jwks, issuer, "govbus").verify(made["token"])
    assert (principal.id, principal.roles) == ("//govbus/people/alice", frozenset({"operator", "reviewer:risk"}))
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)


def test_strangers_cannot_move_the_cursor_or_turn_the_text() -> None:
    assert harmless("\x1b[2Jred\x07\u202egpj.exe\n") == "�[2Jred��gpj.exe\n"
