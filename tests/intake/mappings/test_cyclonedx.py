"""CycloneDX: models and data sets of a bill are registered; other software's bills and VEX govern nothing."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"
MODEL: dict[str, Any] = {
    "bom-ref": "component-a",
    "type": "machine-learning-model",
    "group": "CompVis",
    "name": "stable-diffusion",
    "version": "1.4",
    "supplier": {"name": "Bürger & Co"},
    "licenses": [{"license": {"id": "MIT"}}],
    "hashes": [{"alg": "SHA-512", "content": "ab"}, {"alg": "SHA-256", "content": "AB" * 32}],
    "externalReferences": [{"type": "distribution", "url": "https://example.com/a"}],
    "modelCard": {
        "modelParameters": {"task": "images", "datasets": [{"type": "dataset", "name": "LAION"}, {"ref": "data-1"}]},
        "quantitativeAnalysis": {
            "performanceMetrics": [{"type": "FID", "value": "12.5", "slice": "test"}, {"type": "FID", "value": "low"}]
        },
        "considerations": {"useCases": ["Art"], "technicalLimitations": ["Hands"], "performanceTradeoffs": ["Slow"]},
    },
}


def bom(*components: Any, **others: Any) -> dict[str, Any]:
    """Return a bill of materials."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{SERIAL}",
        "version": 1,
        "components": list(components),
        **others,
    }


def test_a_model_and_its_version_are_described_by_its_component_and_card() -> None:
    (kind, subject, data), (other, _, version) = facts("cyclonedx", bom(MODEL))
    assert (kind, other) == ("model.registered", "model.version_created")
    assert subject == "model/retail/CompVis%2Fstable-diffusion"
    assert data == {"purpose": "images", "intended_use": "Art", "tags": {"supplier": "Bürger & Co"}}
    assert version == {
        "version": "1.4",
        "artifact_uri": "https://example.com/a",
        "artifact_sha256": "ab" * 32,
        "artifact_digest": "sha-512:ab",
        "licence": "MIT",
        "bom_ref": f"urn:cdx:{SERIAL}/1#component-a",
        "datasets": [
            {"dataset": "LAION", "role": "training_or_evaluation"},
            {"dataset": "data-1", "role": "training_or_evaluation"},
        ],
        "metrics": [{"name": "FID (test)", "value": 12.5}],
        "known_limitations": "Hands\nSlow",
    }


def test_a_model_without_a_version_makes_none_unless_the_sender_states_it() -> None:
    model = {key: value for key, value in MODEL.items() if key not in {"version", "modelCard"}}
    assert [kind for kind, _, _ in facts("cyclonedx", bom(model))] == ["model.registered"]
    found = facts("cyclonedx", bom(model), stated={"subject": "model/retail/mine", "version": "9"})
    assert [(kind, subject) for kind, subject, _ in found] == [
        ("model.registered", "model/retail/mine"),
        ("model.version_created", "model/retail/mine"),
    ]
    (_, (_, _, version)) = facts("cyclonedx", bom(MODEL), stated={"subject": "model/retail/mine", "version": "9"})
    assert version["version"] == "9"
    two = bom(model, {**model, "name": "other"})
    assert {kind for kind, _, _ in facts("cyclonedx", two, stated={"version": "9"})} == {"model.registered"}


def test_the_model_the_bill_is_about_and_models_inside_of_components_are_found() -> None:
    inside = {"type": "application", "name": "app", "components": [{**MODEL, "group": "", "name": "inner"}]}
    about = {**MODEL, "group": None, "name": "outer"}
    subjects = [subject for _, subject, _ in facts("cyclonedx", bom(inside, metadata={"component": about}))]
    assert subjects == ["model/retail/outer", "model/retail/inner"] * 2


def test_data_components_are_data_sets() -> None:
    ((kind, subject, data),) = facts("cyclonedx", bom({"type": "data", "name": "prêts", "description": "loans"}))
    assert (kind, subject, data) == (
        "dataset.registered",
        "dataset/retail/pr%C3%AAts",
        {"name": "prêts", "description": "loans"},
    )


def test_a_data_component_says_version_licence_and_what_is_sensitive() -> None:
    data = {
        "type": "data",
        "bom-ref": "d",
        "name": "prêts",
        "group": "bank",
        "version": "2024.1",
        "licenses": [{"license": {"name": "house"}}],
        "data": [
            {"classification": "Confidential", "sensitiveData": ["names"], "contents": {"url": "https://example.com/d"}}
        ],
    }
    card = {"modelParameters": {"datasets": [{"ref": "d"}]}}
    model = {"type": "machine-learning-model", "name": "scorer", "version": "1", "modelCard": card}
    stated = {"subject": "model/retail/credit-risk", "version": "7"}
    for found in (facts("cyclonedx", bom(model, data)), facts("cyclonedx", bom(model, data), stated=stated)):
        _, (_, _, version), (_, subject, registered), (kind, _, made) = found
        assert version["datasets"] == [{"dataset": "bank/prêts", "role": "training_or_evaluation"}]
        assert subject == "dataset/retail/bank%2Fpr%C3%AAts"
        assert (registered["classification"], registered["licence"]) == ("confidential", "house")
        assert registered["tags"] == {"classification": "Confidential", "sensitive_data": "names"}
        assert (kind, made) == (
            "dataset.version_created",
            {"version": "2024.1", "artifact_uri": "https://example.com/d"},
        )


def test_weaknesses_are_told_apart_by_bom_link_and_need_no_id_rating_or_state() -> None:
    other = {"type": "machine-learning-model", "name": "other", "version": "1", "bom-ref": "component-b"}
    linked = {
        "bom-ref": "v1",
        "analysis": None,
        "source": None,
        "affects": [{"ref": f"urn:cdx:{SERIAL}/1#component-b"}],
    }
    found = facts("cyclonedx", bom(MODEL, other, vulnerabilities=[linked]))
    versions = {subject: data for kind, subject, data in found if kind == "model.version_created"}
    assert "vulnerabilities" not in versions["model/retail/CompVis%2Fstable-diffusion"]
    assert versions["model/retail/other"]["vulnerabilities"] == [
        {"id": "v1", "component": f"urn:cdx:{SERIAL}/1#component-b"}
    ]


def test_bills_of_very_many_parts_are_read() -> None:
    parts = [{"type": "library", "name": f"part-{at}"} for at in range(6000)]
    ((kind, _, data),) = facts("cyclonedx", bom(*parts), stated={"subject": "system/retail/shop"})
    assert (kind, data["payload"]["components_count"]) == ("platform.reported", 6000)
    subjects = {subject for _, subject, _ in facts("cyclonedx", bom(*parts, MODEL))}
    assert subjects == {"model/retail/CompVis%2Fstable-diffusion"}


def test_vulnerabilities_of_a_models_bill_stand_at_its_version() -> None:
    weak = {
        "id": "CVE-2021-1",
        "source": {"name": "NVD", "url": "https://example.com/1"},
        "ratings": [{"score": 10.0, "severity": "critical"}],
        "description": "x",
        "analysis": {"state": "exploitable"},
        "affects": [{"ref": "component-a"}],
    }
    (_, (_, _, version)) = facts("cyclonedx", bom(MODEL, vulnerabilities=[weak, {"id": "CVE-2", "ratings": None}]))
    assert version["vulnerabilities"] == [
        {
            "id": "CVE-2021-1",
            "severity": "critical",
            "status": "affected",
            "component": "component-a",
            "description": "x",
            "uri": "https://example.com/1",
        },
        {"id": "CVE-2"},
    ]


def test_a_vex_about_a_stated_model_version_is_said_of_that_version() -> None:
    vex = bom(vulnerabilities=[{"id": "CVE-1", "analysis": {"state": "not_affected"}}])
    ((kind, subject, data),) = facts("cyclonedx", vex, stated={"subject": "model/retail/x", "version": "2"})
    assert (kind, subject, data["version"]) == ("model.version_created", "model/retail/x", "2")
    assert data["vulnerabilities"] == [{"id": "CVE-1", "status": "not_affected"}]
    ((kind, _, _),) = facts("cyclonedx", vex, stated={"subject": "model/retail/x"})
    assert kind == "platform.reported"


@pytest.mark.parametrize(
    ("others", "kind"),
    [
        ({"vulnerabilities": [{"id": "CVE-1", "analysis": {"state": "not_affected"}}]}, "vulnerabilities"),
        ({"services": [{"name": "Börse"}]}, "services"),
        ({"declarations": {}}, "attestations"),
        ({}, "components"),
    ],
)
def test_bills_of_other_software_are_kept_and_govern_nothing(others: dict[str, Any], kind: str) -> None:
    library = {"type": "library", "name": "lib"}
    ((type_, subject, data),) = facts("cyclonedx", bom(library, **others))
    assert (type_, data["kind"]) == ("platform.reported", kind)
    assert subject == f"external/cyclonedx/urn:uuid:{SERIAL}"
    assert data["payload"]["components_count"] == 1
    ((_, subject, _),) = facts("cyclonedx", bom(library, **others), stated={"subject": "system/retail/x"})
    assert subject == "system/retail/x"


def test_attachments_are_not_passed_on() -> None:
    weak = {"id": "CVE-1", "proofOfConcept": {"supportingMaterial": [{"content": "QUJD"}]}}
    unit = read("cyclonedx", bom(vulnerabilities=[weak]))
    assert "QUJD" not in unit.drafts[0].event.data.decode()


def test_the_time_is_the_bills() -> None:
    unit = read("cyclonedx", bom(MODEL, metadata={"timestamp": "2021-01-10T12:00:00+02:00"}))
    assert unit.drafts[0].event.time.isoformat() == "2021-01-10T10:00:00+00:00"


def test_a_model_without_a_name_is_refused_with_its_path() -> None:
    model = {key: value for key, value in MODEL.items() if key != "name"}
    reason, (pointer,) = refusal("cyclonedx", bom(model))
    assert reason == "mapping_failed"
    assert pointer.endswith("/0/name")


@pytest.mark.parametrize("name", [None, 5, [], ""])
def test_a_hostile_name_registers_nothing(name: Any) -> None:
    assert refusal("cyclonedx", bom({**MODEL, "name": name}))[0] == "mapping_failed"


@pytest.mark.parametrize("version", [None, "", 2**60])
def test_a_hostile_version_is_none_or_its_text(version: Any) -> None:
    found = [data.get("version") for _, _, data in facts("cyclonedx", bom({**MODEL, "version": version}))]
    assert found == ([None, str(version)] if version else [None])


@pytest.mark.parametrize("body", [{}, [], None, {"bomFormat": "SPDX"}, {"bomFormat": 5}])
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("cyclonedx", body)[0] == "unmapped"
