"""`govbus log pack`, `govbus verify` and `govbus log kpis` against a served log."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit_log.desk import Desk, bearer
from audit_log.evidence_story import MODEL, STORY
from govbus.sdk.cli.program import run
from sdk.serving import serving

DEADLINE_SECONDS = 60.0


@pytest.fixture
async def log(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A served, signed log with a model's life in it, and an auditor's token in the environment."""
    await desk.enter(*STORY)
    await desk.sign()
    served = Desk(desk.settings)
    with serving(served.app) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", bearer("vera", "auditor")["authorization"].removeprefix("Bearer "))
        yield desk
    await served.client.aclose()


async def _run(log: Desk, *arguments: str) -> int:
    """Return the exit code of a command that is run while packs are being made."""
    command = asyncio.create_task(asyncio.to_thread(run, arguments))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not command.done():
            await log.do("evidence packs")
            await asyncio.sleep(0.05)
    return await command


def _packs(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("pack")]


async def test_a_pack_is_taken_away_and_verified_offline(
    log: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pack.zip"
    assert await _run(log, "log", "pack", MODEL, "--framework", "iso-42001", "-o", str(file)) == 0
    assert f"16 entries about {MODEL} in {file}" in capsys.readouterr().out
    assert _packs(tmp_path) == ["pack.zip"]
    vkey = (await log.get("/v1/log/key")).text.strip()
    assert run(["verify", str(file), "--key", vkey, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verified"] is True
    damaged = bytearray(file.read_bytes())
    damaged[damaged.index(b"entries.ndjson") + 300] ^= 1
    file.write_bytes(damaged)
    assert run(["verify", str(file), "--key", vkey]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["model/retail/never"], "By then the log had no entry about model/retail/never"),
        ([MODEL, "--framework", "soc2"], "none of eu-ai-act-annex-iv, iso-42001, nist-ai-rmf"),
    ],
)
async def test_a_pack_of_nothing_is_one_sentence(
    log: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert await _run(log, "log", "pack", *arguments, "-o", str(tmp_path / "pack.zip")) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "pack.zip").exists()


async def test_figures_are_shown_as_a_table_and_as_json(log: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert await _run(log, "log", "kpis", "--framework", "nist-ai-rmf") == 0
    shown = capsys.readouterr().out
    assert "3.0 min" in shown
    assert "1 of 1" in shown
    assert await _run(log, "log", "kpis", "--json", "--as-of", "2020-01-01T00:00:00Z") == 1
    assert "No checkpoint yet" in capsys.readouterr().err
    assert await _run(log, "log", "kpis", "--json") == 0
    assert json.loads(capsys.readouterr().out)["size"] == len(STORY)
