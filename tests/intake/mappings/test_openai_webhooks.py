"""OpenAI: safety notices are incidents, jobs that ended say nothing of their result."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal


def event(type_: str, data: Any = None, **changed: Any) -> dict[str, Any]:
    """Return an event as OpenAI sends it."""
    sent = {"id": "evt_1", "object": "event", "created_at": 1750861210, "type": type_}
    return {**sent, "data": {"id": "case_ü"} if data is None else data, **changed}


@pytest.mark.parametrize(
    ("type_", "severity", "kind"),
    [
        ("safety.warning_issued", "medium", "misuse"),
        ("safety.deactivation_issued", "high", "misuse"),
        ("safety.alert.created", "medium", "alert"),
        ("safety.org_alert.created", "medium", "alert"),
    ],
)
def test_a_safety_notice_is_an_incident_known_by_its_case(type_: str, severity: str, kind: str) -> None:
    assert facts("openai_webhooks", event(type_)) == [
        (
            "incident.reported",
            "external/openai_webhooks/case_%C3%BC",
            {
                "summary": f"OpenAI safety notice: {type_}, case_ü",
                "severity": severity,
                "detected_at": "2025-06-25T14:20:10Z",
                "kind": kind,
                "status": "open",
                "external_id": "case_ü",
            },
        )
    ]


def test_a_notice_is_about_the_system_that_the_webhooks_address_states() -> None:
    (fact,) = facts("openai_webhooks", event("safety.warning_issued"), stated={"subject": "system/retail/chat"})
    assert fact[1] == "system/retail/chat"


@pytest.mark.parametrize("type_", ["response.completed", "eval.run.succeeded", "batch.failed", "safety.something_new"])
def test_anything_else_is_kept_as_reported_and_passes_nothing(type_: str) -> None:
    (fact,) = facts("openai_webhooks", event(type_, {"id": "resp_1", "huge": 2**70}))
    assert fact[:2] == ("platform.reported", "external/openai_webhooks/resp_1")
    assert fact[2]["kind"] == type_


def test_two_events_that_share_their_id_are_two() -> None:
    warned = read("openai_webhooks", event("safety.warning_issued"))
    deactivated = read("openai_webhooks", event("safety.deactivation_issued"))
    assert warned.drafts[0].event.id != deactivated.drafts[0].event.id


def test_the_member_object_may_be_absent() -> None:
    payload = event("response.completed")
    del payload["object"]
    assert facts("openai_webhooks", payload)[0][0] == "platform.reported"


def test_the_time_may_be_any_number_and_a_type_may_hold_digits() -> None:
    unit = read("openai_webhooks", event("response.v2.completed", created_at=1719168000.5))
    assert unit.drafts[0].event.time.isoformat() == "2024-06-23T18:40:00.500000+00:00"


def test_the_numbers_of_those_who_call_are_blanked() -> None:
    headers = [{"name": "From", "value": "sip:+14255550100@sip.example.com"}]
    ((_, subject, data),) = facts(
        "openai_webhooks", event("realtime.call.incoming", {"call_id": "rtc_1", "sip_headers": headers})
    )
    assert subject == "external/openai_webhooks/realtime.call.incoming"
    assert "5550100" not in str(data)


def test_a_notice_without_its_case_is_refused_with_the_path() -> None:
    assert refusal("openai_webhooks", event("safety.warning_issued", {})) == ("mapping_failed", ["/data/id"])


@pytest.mark.parametrize(
    "payload",
    [None, [], {}, event("x"), event("a.b", created_at="1"), event("a.b", id=5), event("a.b", object="list")],
)
def test_what_is_no_event_of_openai_is_refused(payload: Any) -> None:
    assert refusal("openai_webhooks", payload)[0] == "unmapped"


@pytest.mark.parametrize("data", [[], "x", 5, {"id": None}])
def test_hostile_data_are_refused_or_kept_never_guessed_at(data: Any) -> None:
    assert refusal("openai_webhooks", event("safety.warning_issued", data))[0] == "mapping_failed"
