"""A person's words are nowhere in a running stack, those with the key read them, and after the erasure nobody does."""

import asyncio
import base64
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from backends.running import CHECKOUT
from govbus.contracts import strict_json
from govbus.contracts.personal import PersonKey, key_id_of, unseal
from govbus.local.issuer import Issuer
from govbus.local.layout import Home
from system.hunting import forms, hunt
from system.live_stack import SERVICES, LiveStack
from system.otlp_collector import OtlpCollector
from system.personal_facts import MAPPING, Words, say_over_http, say_over_kafka, say_over_webhook_and_import
from system.quiet import parked, wait_until_quiet

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

QUIET_SECONDS = 90.0
TRIMMED_SECONDS = 2.0
COMPLAINT = "dev.govbus.complaint.received.v1"


@dataclass
class Run:
    """A stack to which everything was said."""

    stack: LiveStack
    collector: OtlpCollector
    words: Words = field(
        default_factory=lambda: Words(
            f"priv{secrets.token_hex(12)}", f"publ{secrets.token_hex(12)}", f"applicant-{secrets.token_hex(4)}"
        )
    )
    keys: dict[str, PersonKey] = field(default_factory=dict)
    """Keys that were read, to be looked for later."""

    async def found(self, **others: tuple[bytes, ...]) -> dict[str, set[str]]:
        """Hunt for the words of the run, and for others."""
        own = {"private": forms(self.words.private.encode()), "public": forms(self.words.public.encode())}
        return await hunt(self.stack, self.collector.bodies, {**own, **others})

    def client(self, *roles: str) -> httpx2.Client:
        """Return a client at the front door for a person with these roles."""
        kept: dict[str, Any] = strict_json.parse(Home(self.stack.home).issuer_key.read_bytes())
        token = Issuer(kept["issuer"], kept["kid"], kept["jwk"]).token("paula", roles)
        headers = {"authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.stack.url, headers=headers, trust_env=False, timeout=30)

    def key(self, person: str) -> httpx2.Response:
        """Ask for a person's key, as who may have it."""
        with self.client("reviewer:privacy") as client:
            return client.get(f"/v1/keys/{person}", params={"purpose": "a test"})

    def entries(self, type_: str) -> list[dict[str, Any]]:
        """Return the log's entries of one type, with their payload."""
        with self.client("auditor") as client:
            listed = client.get("/v1/log/entries", params={"type": type_}).json()["items"]
            return [client.get(f"/v1/log/entries/{item['index']}").json() for item in listed]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    home = Path(tempfile.mkdtemp(prefix="govbus-person-"))
    mappings = Home(home).mappings
    mappings.mkdir(parents=True)
    (mappings / "helpdesk.yaml").write_text(MAPPING)
    collector = OtlpCollector()
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "GOVBUS_INTAKE_TRIM_SECONDS": str(TRIMMED_SECONDS / 4),
    }
    started = Run(LiveStack(home, environment), collector)
    try:
        asyncio.run(_begin(started))
        yield started
    finally:
        started.stack.stop()
        collector.stop()
        shutil.rmtree(home, ignore_errors=True)


async def _begin(run: Run) -> None:
    await run.stack.start()
    await say_over_webhook_and_import(run.stack, run.words)
    await say_over_kafka(run.stack, run.words)
    await say_over_http(run.stack, run.words)
    await wait_until_quiet(run.stack, QUIET_SECONDS)
    await asyncio.sleep(TRIMMED_SECONDS)


def platforms_own(place: str) -> bool:
    """Return whether a place is the file of a platform's own topic: its records are deleted, its segment not yet."""
    return place.startswith("file kafka/") and "/govbus.intake.demo-" in place


def leaks(places: set[str]) -> set[str]:
    """Return the places that may not hold a personal text."""
    return {place for place in places if not platforms_own(place)}


async def test_a_personal_text_is_nowhere_while_another_text_is_everywhere_the_hunt_looks(run: Run) -> None:
    found = await run.found(line=(b'"level"',), metric=(b"govbus_relay_delay_seconds",), service=(b"govbus-intake",))
    assert leaks(found["private"]) == set()
    tables = {place.split()[1] for place in found["public"] if place.startswith("table ")}
    assert {"govbus_audit_log", "govbus_oversight"} <= tables
    assert {"topic govbus.facts", "topic govbus.audit"} <= found["public"]
    assert any(place.startswith("file postgres/data/base/") for place in found["public"])
    assert any(place.startswith("file postgres/data/pg_wal/") for place in found["public"])
    assert any(place.startswith("file kafka/") for place in found["public"])
    assert any(place.startswith("file logs/") for place in found["line"])
    assert {f"metrics {service}" for service in SERVICES} <= found["metric"]
    assert "spans" in found["service"]


def test_with_the_key_the_text_is_read_from_the_logs_entry(run: Run) -> None:
    answer = run.key(run.words.person)
    assert answer.status_code == 200, answer.text
    (jwk,) = answer.json()["keys"]
    key = PersonKey(jwk["kid"], base64.urlsafe_b64decode(jwk["k"] + "="))
    accounts = [entry["payload"]["account"] for entry in run.entries(COMPLAINT)]
    assert len(accounts) == 4, "one over each channel"
    assert {unseal(account, key) for account in accounts} == {run.words.text}
    run.keys[run.words.person] = key


def test_after_the_erasure_no_copy_can_be_read_and_the_record_still_proves_itself(run: Run) -> None:
    with run.client("admin") as client:
        asked = {"person": run.words.person, "reason": "a test"}
        receipt = client.post("/v1/erasures", json=asked)
    assert receipt.json()["key_ids"] == [run.keys[run.words.person].id]
    assert run.key(run.words.person).status_code == 410
    assert {key_id_of(entry["payload"]["account"]) for entry in run.entries(COMPLAINT)} == set(
        receipt.json()["key_ids"]
    )
    asyncio.run(wait_until_quiet(run.stack, QUIET_SECONDS))
    (erased,) = run.entries("dev.govbus.person.erased.v1")
    assert (erased["payload"]["person"], erased["attributes"]["authid"]) == (run.words.person, "//govbus/people/paula")
    environment = {**os.environ, "GOVBUS_HOME": str(run.stack.home), "GOVBUS_URL": run.stack.url}
    done = subprocess.run(
        [str(CHECKOUT / ".venv" / "bin" / "govbus"), "verify", "--all"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


async def test_neither_the_key_nor_the_text_is_anywhere_afterwards(run: Run) -> None:
    found = await run.found(secret=forms(run.keys[run.words.person].secret))
    assert found["secret"] == set()
    assert leaks(found["private"]) == set()
    assert found["public"]
    assert await parked(run.stack) == []
