"""Google Cloud: envelopes in several places, messages that hold another's event, callers that are nobody's business."""

import base64
import json
from typing import Any

import pytest

from intake.mappings.reading import carried, facts, facts_of, refusal

PUBSUB = "google.cloud.pubsub.topic.v1.messagePublished"
BUILD = "google.cloud.cloudbuild.build.v1.statusChanged"
AUDIT = "google.cloud.audit.log.v1.written"
REPORT = {
    "webhook_id": "w",
    "event": "MODEL_VERSION_CREATED",
    "event_timestamp": 1589859029343,
    "model_name": "scorer",
    "version": "8",
}


def message(content: bytes) -> dict[str, Any]:
    """Return a published message."""
    held = {"data": base64.b64encode(content).decode(), "messageId": "m1", "publishTime": "2021-02-05T04:06:14.109Z"}
    return {"subscription": "projects/p/subscriptions/s", "message": held}


def test_the_envelope_may_stand_in_the_event_the_headers_or_the_body() -> None:
    data = {"status": "SUCCESS", "projectId": "p"}
    expected = ("platform.reported", f"external/google_cloudevents/{BUILD}", BUILD)
    whole = {"specversion": "1.0", "id": "1", "source": "//b", "type": BUILD, "data": data}
    headers = {"ce-type": BUILD, "ce-id": "1", "ce-source": "//b"}
    for found in (
        facts_of(carried("google_cloudevents", data, {"type": BUILD})),
        facts("google_cloudevents", data, headers=headers),
        facts("google_cloudevents", whole),
    ):
        ((type_, subject, said),) = found
        assert (type_, subject, said["kind"]) == expected
        assert said["payload"] == data


@pytest.mark.parametrize("content", [b"test message 3", b"\x01\x02\x03\x04", b"\xff\xfe\x00", b"", "é".encode()])
def test_a_message_that_is_no_json_is_reported(content: bytes) -> None:
    ((type_, subject, data),) = facts("google_cloudevents", message(content))
    assert (type_, subject, data["kind"]) == (
        "platform.reported",
        "external/google_cloudevents/projects%2Fp%2Fsubscriptions%2Fs",
        PUBSUB,
    )


def test_a_message_that_holds_a_platforms_event_is_that_event() -> None:
    sent = message(json.dumps(REPORT).encode())
    assert facts("google_cloudevents", sent, also=["databricks"]) == [
        ("model.version_created", "model/retail/scorer", {"version": "8"})
    ]
    unit = carried("google_cloudevents", message(b'{"hello": "w\xc3\xb6rld"}'), {"type": PUBSUB})
    assert facts_of(unit)[0][0] == "platform.reported"


def test_a_secret_in_a_message_is_not_kept_in_base64() -> None:
    held = {"password": "hunter2", "état": "prêt"}
    ((_, _, data),) = facts("google_cloudevents", message(json.dumps(held).encode()))
    assert data["payload"]["content"] == {"password": "[redacted]", "état": "prêt"}
    content = b"password: hunter2"
    ((_, _, data),) = facts("google_cloudevents", message(content))
    assert base64.b64encode(content).decode() not in json.dumps(data)
    assert data["payload"]["messageId"] == "m1"


def test_a_message_without_content_is_reported() -> None:
    held = {"data": None, "messageId": "m1", "publishTime": "2021-02-05T04:06:14.109Z", "attributes": {"k": "v"}}
    assert facts("google_cloudevents", {"subscription": "s", "message": held})[0][0] == "platform.reported"


@pytest.mark.parametrize("members", [{}, {"data_base64": "CgNhYmM="}])
def test_an_event_without_json_is_reported(members: dict[str, str]) -> None:
    sent = {"specversion": "1.0", "id": "1", "source": "//b", "type": BUILD, **members}
    assert facts("google_cloudevents", sent)[0][0] == "platform.reported"


def test_of_an_audit_log_only_what_was_done_to_what_is_kept() -> None:
    entry = {
        "logName": "projects/p/logs/activity",
        "protoPayload": {
            "authenticationInfo": {"principalEmail": "ada@example.org"},
            "requestMetadata": {"callerIp": "192.0.2.7"},
            "methodName": "google.pubsub.v1.Publisher.CreateTopic",
            "resourceName": "projects/p/topics/t",
        },
    }
    ((_, _, data),) = facts_of(carried("google_cloudevents", entry, {"type": AUDIT, "subject": "t"}))
    assert data["payload"] == {
        "logName": "projects/p/logs/activity",
        "methodName": "google.pubsub.v1.Publisher.CreateTopic",
        "resourceName": "projects/p/topics/t",
    }


def test_the_secrets_of_a_build_are_blanked() -> None:
    build = {"secrets": [{"kmsKeyName": "k", "secretEnv": {"TOKEN": "c2VjcmV0"}}], "status": "SUCCESS"}
    ((_, _, data),) = facts_of(carried("google_cloudevents", build, {"type": BUILD}))
    assert "c2VjcmV0" not in json.dumps(data)


def test_an_integer_beyond_what_the_runtime_holds_stays_as_it_came() -> None:
    ((_, _, data),) = facts_of(carried("google_cloudevents", {"size": 2**70}, {"type": "google.cloud.storage.x"}))
    assert str(data["payload"]["size"]) == str(2**70)


@pytest.mark.parametrize(
    "sent", [[], {}, {"message": None}, {"message": {"data": 7, "messageId": "m"}}, {"message": {}}]
)
def test_what_is_no_message_is_refused(sent: Any) -> None:
    assert refusal("google_cloudevents", sent)[0] == "mapping_failed"


@pytest.mark.parametrize(
    "type_", ["google.firebase.auth.user.v1.created", "google.cloud.firestore.document.v1.written"]
)
def test_what_may_be_about_anybody_is_not_kept(type_: str) -> None:
    unit = carried("google_cloudevents", {"email": "ada@example.org"}, {"type": type_, "subject": "users/1"})
    ((kind, subject, data),) = facts_of(unit)
    assert (kind, subject) == ("platform.reported", "external/google_cloudevents/users%2F1")
    assert "payload" not in data
