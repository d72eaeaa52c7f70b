"""What belongs to a subject, and where gathering ends; packs that cannot be made."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from audit_log.desk import Desk, bearer, settings
from audit_log.evidence_packs import opened, ordered, taken
from audit_log.evidence_story import DATASET, MODEL, OTHER, STORY, told
from govbus.audit_log.app import build_app
from govbus.eventing.manifest import StartRefused

SYSTEM = "system/retail/lending"


@pytest.fixture
async def log(desk: Desk) -> Desk:
    """A signed log with a model's life in it, and a system that uses the model."""
    await desk.enter(*STORY, told("y1", "system.registered", 42, {"models": [MODEL, "churn"]}, SYSTEM))
    await desk.sign()
    return desk


def changed(log: Desk, **changes: object) -> Desk:
    """Return the same log under other settings."""
    return Desk(log.settings.model_copy(update=changes))


async def _report(log: Desk, **order: Any) -> dict[str, Any]:
    files = opened(await taken(log, await ordered(log, **order)))
    return dict(json.loads(files["report.json"]))


async def test_a_system_brings_its_models_and_their_data_but_no_further(log: Desk) -> None:
    await log.enter(
        told("m1", "dataset.version_created", 43, {"version": "1", "inputs": [{"dataset": "dataset/a/b"}]}, DATASET)
    )
    await log.enter(told("m2", "dataset.registered", 44, {"provenance": "x"}, "dataset/a/b"))
    await log.sign()
    report = await _report(log, subject=SYSTEM)
    found = {one["subject"]: one["relation"] for one in report["subjects"]}
    assert found == {SYSTEM: "subject", MODEL: "named", DATASET: "named", "vendor/Acme%20Data": "named"}


async def test_what_a_closed_payload_names_is_followed_for_auditors_alone(log: Desk) -> None:
    secret = {"version": "9", "datasets": [{"dataset": "dataset/secret/clients"}]}
    await log.enter(told("z1", "model.version_created", 50, secret, dataclassification="confidential"))
    await log.enter(told("z2", "dataset.registered", 51, {"provenance": "x"}, "dataset/secret/clients"))
    await log.sign()
    for confidential in (False, True):
        report = await _report(log, confidential=confidential)
        subjects = {one["subject"] for one in report["subjects"]}
        assert ("dataset/secret/clients" in subjects) is confidential


async def test_a_chain_of_everything_is_not_followed_and_named(log: Desk) -> None:
    await log.enter(
        *(told(f"w{n}", "model.registered", 60 + n, {}, f"model/w/{n}", correlationid="all") for n in range(4)),
        told("w9", "override.recorded", 70, {"direction": "x"}, correlationid="all"),
    )
    await log.sign()
    narrow = changed(log, audit_log_pack_chain_count=4, data_directory=log.settings.data_directory)
    report = await _report(narrow)
    assert report["not_followed"] == ["all"]
    assert not [one for one in report["subjects"] if one["subject"].startswith("model/w/")]
    await narrow.close()


async def test_too_many_subjects_are_named_and_left_out(log: Desk) -> None:
    narrow = changed(log, audit_log_pack_subjects_count=2)
    report = await _report(narrow)
    assert report["not_followed"] == ["vendor/Acme%20Data"]
    await narrow.close()


async def test_more_entries_than_a_pack_holds_are_refused_before_it_is_made(log: Desk) -> None:
    narrow = changed(log, audit_log_pack_entries_count=15)
    answer = await narrow.client.post("/v1/evidence-packs", json={"subject": MODEL}, headers=bearer("v", "auditor"))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "too-many-entries")
    assert (await ordered(narrow, subject=OTHER))["entries_count"] == 1
    await narrow.close()


async def test_a_queue_that_is_full_says_later(log: Desk) -> None:
    narrow = changed(log, audit_log_packs_waiting_count=1)
    for subject, status in ((MODEL, 202), (MODEL, 202), (OTHER, 503)):
        answer = await narrow.client.post(
            "/v1/evidence-packs", json={"subject": subject}, headers=bearer("v", "auditor")
        )
        assert answer.status_code == status
    assert answer.headers["retry-after"] == "60"
    await narrow.close()


async def test_a_pack_that_takes_too_long_is_tried_again_and_given_up(log: Desk) -> None:
    hasty = changed(log, audit_log_pack_seconds=0.05)
    states = [(await ordered(hasty))["state"]]
    for _ in range(2):
        await hasty.do("evidence packs")
        [(state, error)] = await hasty.rows("SELECT state, error FROM evidence_pack")
        states.append(state)
    assert states == ["asked", "asked", "failed"]
    assert error == "it took too long"
    await hasty.close()
    assert (await ordered(log))["state"] == "ready"


async def test_rules_that_went_bad_after_the_start_are_said(log: Desk, tmp_path: Path) -> None:
    policies = shutil.copytree(log.settings.audit_log_policies_directory, tmp_path / "policies")
    broken = changed(log, audit_log_policies_directory=policies)
    (policies / "frameworks" / "iso_42001.yaml").write_text("id: [")
    answer = await ordered(broken)
    assert answer["state"] == "failed"
    assert str(answer["error"]).startswith("iso_42001.yaml is not YAML")
    refused = await broken.get(f"/v1/evidence-packs/{answer['id']}/download", "auditor")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "pack-not-ready")
    await broken.close()


def test_a_log_does_not_start_with_bad_rules(tmp_path: Path) -> None:
    policies = shutil.copytree("policies", tmp_path / "policies")
    (policies / "kpis.yaml").write_text("kpis: [{}]")
    changes = {"audit_log_policies_directory": policies}
    with pytest.raises(StartRefused, match=r"kpis\.yaml/kpis/0/id"):
        build_app(settings("postgresql+asyncpg://nobody@localhost:1/none", tmp_path, **changes))
