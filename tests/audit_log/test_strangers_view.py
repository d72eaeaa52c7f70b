"""What an outsider takes away from a served log over HTTP, and verifies without it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from audit_log.desk import Desk, bearer, event
from govbus.sdk.cli.program import run
from sdk.serving import serving

SUBJECT = "model/retail/credit-risk"


@pytest.fixture
async def log(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Desk]:
    """A served log of more than one tile, with a viewer's token and the log's key in the environment."""
    await desk.enter(*(event(f"e{number}", subject=SUBJECT if number % 3 else "model/a/b") for number in range(300)))
    await desk.sign()
    served = Desk(desk.settings)
    monkeypatch.chdir(tmp_path)
    with serving(served.app) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", bearer("vera", "viewer")["authorization"].removeprefix("Bearer "))
        monkeypatch.setenv("GOVBUS_LOG_VKEY", (await desk.get("/v1/log/key")).text.strip())
        yield desk
    await served.client.aclose()


async def command(*arguments: object) -> int:
    return await asyncio.to_thread(run, list(map(str, arguments)))


async def offline(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Verify while nothing answers."""
    with monkeypatch.context() as alone:
        alone.setenv("GOVBUS_URL", "http://127.0.0.1:1")
        return await command("verify", *arguments)


async def test_a_mirror_and_a_stretch_of_it_are_verified_offline(
    log: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command("log", "mirror", "kept") == 0
    older = (tmp_path / "kept/checkpoint").read_bytes()
    await log.enter(*(event(f"n{number}") for number in range(300)))
    await log.sign()
    assert await command("log", "mirror", "kept") == 0
    assert "600 entries in kept, 300 of them new" in capsys.readouterr().out
    (tmp_path / "older").write_bytes(older)
    assert await offline(monkeypatch, "kept", "--seen", "older", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["size"], told["older_checkpoints_count"], told["beyond_count"]) == (600, 2, 0)
    assert await command("log", "consistency", 300, 600, "-o", "between") == 0
    assert await offline(monkeypatch, "older", "kept/checkpoint", "--consistency", "between") == 0
    assert await command("log", "proof", "--range", "250..520", "-o", "stretch") == 0
    assert await offline(monkeypatch, "stretch") == 0
    assert "all the entries from 250 to 520" in capsys.readouterr().out
    state = tmp_path / "state"
    assert await command("log", "follow", "--verify", "--once", "--state", state, "--from", 600, "--json") == 0
    assert json.loads(capsys.readouterr().out)["checked_size"] == 600


@pytest.mark.usefixtures("log")
async def test_an_export_is_verified_offline_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four processes write them: that is what takes its seconds."""
    manifest = await ask(f"/v1/log/export/manifest?subject={SUBJECT}")
    size = manifest.json()["size"]
    for format_ in ("ndjson", "csv", "parquet"):
        folder = tmp_path / format_
        folder.mkdir()
        (folder / "manifest.json").write_bytes(manifest.content)
        rows = await ask(f"/v1/log/export?format={format_}&subject={SUBJECT}&size={size}")
        (folder / f"entries.{format_}").write_bytes(rows.content)
        assert await offline(monkeypatch, format_, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["count"], found["payloads_count"], found["first"], found["last"]) == (200, 200, 1, 299)


async def ask(path: str) -> httpx2.Response:
    """Ask the served log as the viewer of the environment."""
    headers = {"authorization": f"Bearer {os.environ['GOVBUS_TOKEN']}"}
    async with httpx2.AsyncClient(base_url=os.environ["GOVBUS_URL"], headers=headers, timeout=60) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer
