"""Model signing: a signature is recorded with what it covers; that it holds is nobody's claim here."""

import base64
import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

MODEL = {"subject": "model/retail/credit-risk", "version": "7"}
DIGEST = "20f4006f29efbe36bd61cd339b162d28753baecbaba244b6b580ce318d1b572d"
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "model", "digest": {"sha256": DIGEST}}],
    "predicateType": "https://model_signing/signature/v1.0",
    "predicate": {
        "serialization": {"method": "files"},
        "resources": [
            {"name": "poids-é.bin", "algorithm": "sha256", "digest": DIGEST},
            {"name": "b", "algorithm": "sha256", "digest": DIGEST},
        ],
    },
}


def envelope(statement: Any = STATEMENT, payload_type: str = "application/vnd.in-toto+json") -> dict[str, Any]:
    """Return a DSSE envelope."""
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"payload": payload, "payloadType": payload_type, "signatures": [{"sig": "MEQ=", "keyid": ""}]}


def bundle(material: dict[str, Any], statement: Any = STATEMENT) -> dict[str, Any]:
    """Return a sigstore bundle."""
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": envelope(statement),
    }


def signed(body: Any) -> dict[str, Any]:
    """Return the data of the one fact."""
    ((kind, subject, data),) = facts("model_signing", body, stated=MODEL)
    assert (kind, subject, data["version"]) == ("model.version_created", "model/retail/credit-risk", "7")
    return data


def test_a_signature_is_recorded_with_what_it_covers() -> None:
    data = signed(bundle({"publicKey": {"hint": "4323"}, "tlogEntries": [{"logIndex": str(2**70)}]}))
    assert data["artifact_digest"] == f"sha256-of-file-digests:{DIGEST}"
    assert data["signature_ref"].startswith("urn:sha256:")
    assert data["tags"] == {
        "signature_predicate": "https://model_signing/signature/v1.0",
        "signature_files_count": "2",
        "signature_signer": "key 4323",
        "signature_transparency_log_entries_count": "1",
        "signature_verified_by_govbus": "no",
    }


def test_the_digest_over_files_is_not_claimed_to_be_that_of_an_artifact() -> None:
    assert "artifact_sha256" not in signed(bundle({}))


@pytest.mark.parametrize(
    ("material", "signer"),
    [
        ({"certificate": {"rawBytes": "MII="}}, "certificate"),
        ({"x509CertificateChain": {"certificates": []}}, "certificate"),
        ({}, "not said"),
    ],
)
def test_who_signed_is_said_by_kind_alone(material: dict[str, Any], signer: str) -> None:
    assert signed(bundle(material))["tags"]["signature_signer"] == signer


def test_a_bare_envelope_and_the_first_format_are_read() -> None:
    assert signed(envelope())["tags"]["signature_signer"] == "not said"
    first = {**STATEMENT, "predicateType": "https://model_signing/Digests/v0.1", "predicate": {"unused": 1}}
    data = signed(bundle({}, first))
    assert data["tags"]["signature_files_count"] == "1"
    assert "artifact_digest" not in data


def test_names_of_files_are_not_passed_on() -> None:
    unit = read("model_signing", bundle({}), stated=MODEL)
    assert "poids" not in unit.drafts[0].event.data.decode()


@pytest.mark.parametrize("signatures", [[], None, [{"sig": "", "keyid": "k"}]])
def test_a_statement_that_nobody_signed_is_no_signature(signatures: Any) -> None:
    assert refusal("model_signing", {**envelope(), "signatures": signatures}, stated=MODEL)[0] == "unmapped"


def test_another_attestation_is_not_a_models_signature() -> None:
    provenance = {**STATEMENT, "predicateType": "https://slsa.dev/provenance/v1"}
    assert refusal("model_signing", bundle({}, provenance), stated=MODEL)[0] == "unmapped"
    assert refusal("model_signing", envelope(payload_type="text/plain"), stated=MODEL)[0] == "unmapped"


def test_what_is_missing_is_refused_with_its_path() -> None:
    assert refusal("model_signing", bundle({})) == ("mapping_failed", ["/context/subject"])
    only = {"subject": MODEL["subject"]}
    assert refusal("model_signing", bundle({}), stated=only) == ("mapping_failed", ["/context/version"])
    without = {key: value for key, value in STATEMENT.items() if key != "subject"}
    assert refusal("model_signing", bundle({}, without), stated=MODEL) == ("mapping_failed", ["/payload/subject"])


@pytest.mark.parametrize("subject", [None, [], [{}], [{"digest": None}], "x"])
def test_a_hostile_subject_makes_no_version(subject: Any) -> None:
    assert refusal("model_signing", bundle({}, {**STATEMENT, "subject": subject}), stated=MODEL)[0] == "mapping_failed"


@pytest.mark.parametrize("body", [{}, [], None, {"payload": 5, "payloadType": "x"}, {"dsseEnvelope": None}])
def test_anything_else_is_no_envelope(body: Any) -> None:
    assert refusal("model_signing", body, stated=MODEL)[0] == "undecodable"
