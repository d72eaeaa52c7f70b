"""Every file of the samples, sent the way its platform sends it, means what was expected of it.

Each file is judged alone, on an intake that has seen nothing but the files it names in `after`.
"""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from backends.running import RunningPostgres
from govbus.contracts import types
from govbus.contracts.envelope import Event, format_time
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping
from govbus.intake.installed_mappings import DELIVERED
from intake.desk import Desk, open_desk
from interop.expected import (
    FOLDER,
    ExpectedFact,
    ExpectedFile,
    ExpectedPlatform,
    captured_headers,
    read_expectations,
)
from interop.table import Tally

pytestmark = pytest.mark.interop

PLATFORMS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
_FORGET = "TRUNCATE accepted, delivery, eventing_outbox, rejected, source_activity"


@dataclass
class Sender:
    """Sends files of one platform to an intake where it is registered."""

    desk: Desk
    platform: ExpectedPlatform
    folder: Path
    credential: dict[str, str]

    async def send(self, file: ExpectedFile) -> httpx2.Response:
        """Send one file."""
        path = self.folder / file.name
        captured, at = captured_headers(path)
        moment = file.clock or at
        if moment:
            self.desk.clock.now = moment
        signed = "signature" in self.platform.source and file.via == "webhook"
        headers = {"content-type": "application/json", **captured, **file.headers}
        sent = headers if signed else {**headers, **self.credential}
        if path.suffix == ".gz":
            sent["content-encoding"] = "gzip"
        address, query = self._address(file)
        return await self.desk.client.post(address, params=query, content=path.read_bytes(), headers=sent)

    def _address(self, file: ExpectedFile) -> tuple[str, dict[str, str]]:
        name = self.platform.platform
        if file.via == "import":
            return "/v1/imports", {"as": str(self.platform.mapping), **file.stated}
        known = {"webhook": f"/v1/webhooks/{name}", "event": "/v1/events", "lineage": "/api/v1/lineage"}
        return known[file.via], file.stated


@pytest.fixture
async def desk(service_database: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Desk]:
    """An intake on a fresh database, with every delivered mapping that can be read: a broken one fails its own test."""
    usable = tmp_path / "usable"
    usable.mkdir()
    for path in DELIVERED.glob("*.yaml"):
        with contextlib.suppress(MappingInvalid):
            read_mapping(path.read_bytes(), path.name)
            shutil.copy(path, usable)
    async with open_desk(service_database("intake"), tmp_path, intake_mappings_directory=usable) as opened:
        yield opened


async def _forget(postgres: RunningPostgres, desk: Desk) -> None:
    engine = create_async_engine(postgres.owner_dsn(desk.dsn))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(_FORGET)
    await engine.dispose()


async def _sender(desk: Desk, platform: ExpectedPlatform, folder: Path) -> Sender:
    settings = {"source": f"//{platform.mapping or platform.platform}/prod", "mapping": platform.mapping}
    asked = {**settings, **{("source" if key == "uri" else key): value for key, value in platform.source.items()}}
    told = {key: value for key, value in asked.items() if value is not None}
    return Sender(desk, platform, folder, await desk.register(platform.platform, **told))


@pytest.mark.parametrize("name", PLATFORMS)
async def test_every_file_means_what_was_expected(
    name: str, desk: Desk, postgres: RunningPostgres, samples: Path, tallies: dict[str, Tally]
) -> None:
    platform = read_expectations(name)
    sender = await _sender(desk, platform, samples / name)
    tally = tallies.setdefault(name, Tally())
    differences = []
    for file in platform.files.values():
        await _forget(postgres, desk)
        differences += [f"{file.name}: {one}" for one in await _judged(sender, file, tally)]
    assert not differences, "\n".join(differences)


def test_every_file_of_the_samples_is_expected(samples: Path) -> None:
    missing = [
        str(path.relative_to(samples))
        for folder in samples.iterdir()
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if not _is_expected(folder.name, path.name)
    ]
    assert not missing, missing


def _is_expected(folder: str, name: str) -> bool:
    if name.endswith(".headers.json") and not name.startswith("_"):
        return True
    return folder in PLATFORMS and name in read_expectations(folder).files


async def _judged(sender: Sender, file: ExpectedFile, tally: Tally) -> list[str]:
    """Send a file and return in which ways what came of it differs from what was expected."""
    tally.files += 1
    if file.not_input:
        tally.not_input += 1
        return []
    for earlier in file.after:
        await sender.send(sender.platform.files[earlier])
    before = len(await sender.desk.facts())
    answer = await sender.send(file)
    found = (await sender.desk.facts())[before:]
    refusals = await sender.desk.refusals()
    if file.refused is not None:
        tally.refuse(file.refused)
        reasons = [record["reason"] for record in refusals] or [_reason(answer)]
        return [] if set(reasons) == {file.refused} and not found else [f"{answer.text[:600]}, {len(found)} facts"]
    if file.ignored is not None:
        tally.ignore(file.ignored)
        ignored = [record["reason"] for record in refusals if record["disposition"] == "ignored"]
        return [] if file.ignored in ignored and not found else [answer.text[:600]]
    if file.duplicate:
        return [] if answer.json()["status"] == "duplicate" and not found else [answer.text[:600]]
    tally.facts += sum(types.short_name(fact.type) is not None for fact in found)
    tally.opaque += sum(types.short_name(fact.type) is None for fact in found)
    refused = [
        f"refused: {json.dumps(one, ensure_ascii=False)[:900]}" for one in refusals if one["disposition"] == "rejected"
    ]
    return refused + _compared(file, found) + ([] if found or refused else [f"answered {answer.text[:600]}"])


def _reason(answer: httpx2.Response) -> str:
    return str(answer.json().get("type", "")).rpartition("/")[2].replace("-", "_")


def _compared(file: ExpectedFile, found: list[Event]) -> list[str]:
    wanted = file.facts or ()
    if file.facts_count is None:
        if len(found) != len(wanted):
            listed = "; ".join(f"{types.short_name(one.type)} {one.subject}" for one in found[:8])
            return [f"{len(found)} facts instead of {len(wanted)}: {listed}"]
        return [line for want, fact in zip(wanted, found, strict=True) for line in _difference(want, fact)]
    lines = [f"{len(found)} facts instead of {file.facts_count}"] if len(found) != file.facts_count else []
    return lines + [
        f"no fact is {want.type} {want.subject} {want.data or want.data_includes}"
        for want in wanted
        if not any(_difference(want, fact) == [] for fact in found)
    ]


def _difference(want: ExpectedFact, fact: Event) -> list[str]:
    type_ = fact.type if want.opaque else types.short_name(fact.type) or fact.type
    lines = [f"type {type_}, not {want.type}"] if type_ != want.type else []
    if fact.subject != want.subject:
        lines.append(f"subject {fact.subject}, not {want.subject}")
    if want.time is not None and format_time(fact.time) != want.time:
        lines.append(f"time {format_time(fact.time)}, not {want.time}")
    data = fact.json() if fact.datacontenttype.endswith("json") else None
    if want.data is not None and data != want.data:
        lines.append(
            f"data {json.dumps(data, ensure_ascii=False)[:900]}, not {json.dumps(want.data, ensure_ascii=False)}"
        )
    lines += [line for key, value in want.data_includes.items() for line in _lacks(data, key, value)]
    counted = {key: len(data.get(key, ())) for key in want.counts} if isinstance(data, dict) else {}
    return lines + ([f"counts {counted}, not {want.counts}"] if counted != want.counts else [])


def _lacks(data: Any, key: str, value: Any) -> list[str]:
    found = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, list) and isinstance(found, list):
        return [f"{key} lacks {one}" for one in value if one not in found]
    return [] if found == value else [f"{key} is {_shown(found)}, not {_shown(value)}"]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:900]
