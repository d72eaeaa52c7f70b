"""Deliveries: splitting, wrappers, what the sender states, several facts, secrets."""

import json
from collections.abc import Mapping as Dictionary
from datetime import UTC, datetime
from typing import Any

import pytest

from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping
from govbus.intake.domain.source import Source

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REPORTED = """{platform: "'p'", kind: body.kind, payload_sha256: raw.sha256, payload: body}"""
SPLITTING = f"""
name: many
version: "1"
split: body.things
delivery: body.id
time: context.time
rules:
  - {{when: body.kind == 'ping', ignore: test_delivery}}
  - {{type: platform.reported, subject: {{external: body.id}}, data: {REPORTED}}}
"""
REPORT = """
name: report
version: "1"
time: context.time
requires: [body.tests]
rules:
  - name: a report
    facts:
      - when: body.tests.size() == 0
        type: validation.completed
        subject: {stated: context.subject}
        data: {version: context.version, kind: "'performance'", outcome: "'nothing_ran'"}
      - for_each: body.tests
        define: {ok: item.status == 'ok'}
        type: validation.completed
        subject: {stated: context.subject}
        data: {version: context.version, kind: "'performance'", outcome: "my.ok ? 'passed' : 'failed'"}
"""
WRAPPER = """
name: wrapper
version: "1"
time: body.at
rules:
  - name: an envelope
    inner: body.messages.map(m, json(m))
    read_by: [wrapper, inside]
    otherwise: {type: platform.reported, subject: {external: "'unread'"},
      data: {platform: "'w'", kind: "'unread'", payload_sha256: raw.sha256, payload: item}}
match: has(body.messages)
"""
INSIDE = f"""
name: inside
version: "7"
match: body.kind == 'inside'
time: body.at
rules:
  - {{type: platform.reported, subject: {{external: body.kind}}, data: {REPORTED}}}
"""


def installed(*files: str) -> dict[str, Mapping]:
    """Return mappings by name."""
    found = [read_mapping(file.encode(), "test.yaml") for file in files]
    return {one.name: one for one in found}


def deliver(body: Any, *files: str, stated: Dictionary[str, str] | None = None) -> list[Unit]:
    """Return the units of a body, read by the first of the files."""
    mappings = installed(*files)
    source = Source("s", "//s", "retail", mapping=next(iter(mappings)))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_delivery(Input("webhook", (("authorization", "Bearer x"),), raw, stated or {}), source, mappings, NOW)


def test_a_split_payload_is_taken_part_by_part_and_each_part_is_known_again_alone() -> None:
    things = [{"id": "a", "kind": "x"}, {"kind": "x"}, {"id": "c", "kind": "ping"}]
    taken, refused, ignored = deliver({"things": things}, SPLITTING)
    assert [draft.event.id for draft in taken.drafts] == ["a/0"]
    assert refused.refused is not None
    assert [place.pointer for place in refused.refused.places] == ["/id"]
    assert ignored.ignored is not None
    again = deliver({"things": things[:1], "more": 1}, SPLITTING)
    assert again[0].delivery == taken.delivery
    assert again[0].drafts[0].event.extensions["rawdigest"] != taken.drafts[0].event.extensions["rawdigest"]


def test_a_refused_part_can_be_read_again_alone_once_the_mapping_is_mended() -> None:
    _, refused = deliver({"things": [{"id": "a", "kind": "x"}, {"id": "b"}]}, SPLITTING)
    assert refused.refused is not None
    mappings = installed(
        SPLITTING.replace("kind: body.kind", "kind: \"'unknown'\"").replace("body.kind == 'ping'", "false")
    )
    source = Source("s", "//s", "retail", mapping="many")
    (again,) = read_delivery(refused.input, source, mappings, NOW)
    assert [draft.event.subject for draft in again.drafts] == ["external/s/b"]


def test_an_empty_split_is_refused_since_nothing_would_be_on_record() -> None:
    (unit,) = deliver({"things": []}, SPLITTING)
    assert unit.refused is not None
    assert unit.refused.reason == "mapping_failed"


def test_a_report_that_names_no_model_needs_the_sender_to_state_one() -> None:
    stated = {"subject": "model/retail/m", "version": "3", "time": "2026-01-01T00:00:00Z"}
    (unit,) = deliver({"tests": [{"status": "ok"}, {"status": "no"}]}, REPORT, stated=stated)
    assert [(one.event.subject, one.event.json()["outcome"]) for one in unit.drafts] == [
        ("model/retail/m", "passed"),
        ("model/retail/m", "failed"),
    ]
    assert {one.event.time for one in unit.drafts} == {datetime(2026, 1, 1, tzinfo=UTC)}
    (unstated,) = deliver({"tests": [{"status": "ok"}]}, REPORT, stated={"version": "3"})
    assert unstated.refused is not None
    assert [place.pointer for place in unstated.refused.places] == ["/context/subject"]


def test_what_states_no_time_happened_when_it_was_received() -> None:
    (unit,) = deliver({"tests": []}, REPORT, stated={"subject": "model/retail/m", "version": "3"})
    assert [(one.event.time, one.event.json()["outcome"]) for one in unit.drafts] == [(NOW, "nothing_ran")]


@pytest.mark.parametrize("subject", ["retail/m", "model/", "nonsense/retail/m", "model/retail/%zz"])
def test_a_stated_subject_that_is_none_is_refused(subject: str) -> None:
    (unit,) = deliver({"tests": []}, REPORT, stated={"subject": subject, "version": "3"})
    assert unit.refused is not None
    assert [place.pointer for place in unit.refused.places] == ["/context/subject"]


def test_what_is_inside_a_wrapper_is_read_by_the_mapping_it_matches() -> None:
    inside = json.dumps({"kind": "inside", "at": "2026-01-02T00:00:00Z"})
    nested = json.dumps({"messages": [inside], "at": "2026-01-03T00:00:00Z"})
    body = {"at": "2026-01-01T00:00:00Z", "messages": [inside, json.dumps({"kind": "?"}), nested]}
    (unit,) = deliver(body, WRAPPER, INSIDE)
    assert unit.refused is None
    assert [one.event.id.rpartition("/")[2] for one in unit.drafts] == ["0", "1", "2"]
    assert [one.event.subject for one in unit.drafts] == ["external/s/inside", "external/s/unread", "external/s/inside"]
    assert [one.event.extensions["mappingname"] for one in unit.drafts] == ["inside", "wrapper", "inside"]


def test_wrappers_inside_each_other_end_somewhere() -> None:
    body: Any = {"kind": "inside", "at": "2026-01-02T00:00:00Z"}
    for _ in range(6):
        body = {"at": "2026-01-01T00:00:00Z", "messages": [json.dumps(body)]}
    (unit,) = deliver(body, WRAPPER, INSIDE)
    assert unit.refused is not None
    assert unit.refused.reason == "nesting_too_deep"


def test_a_payload_of_another_platform_is_refused() -> None:
    (unit,) = deliver({"kind": "other"}, INSIDE)
    assert unit.refused is not None
    assert unit.refused.reason == "unmapped"


def test_secrets_are_blanked_before_anything_is_mapped_and_in_what_is_kept_of_a_refusal() -> None:
    file = INSIDE.replace("time: body.at", "redact: ['body.variables[].value']\ntime: body.at")
    secret = {
        "variables": [{"key": "TOKEN", "value": "s3cret-1"}],
        "config": {"client_secret": "s3cret-2", "max_tokens": 7, "note": "use ghp_" + "a" * 36},
    }
    body = {"kind": "inside", "at": "2026-01-02T00:00:00Z", **secret}
    (unit,) = deliver(body, file)
    data = unit.drafts[0].event.data
    assert b"s3cret" not in data
    assert b"ghp_" not in data
    assert unit.drafts[0].event.json()["payload"]["config"]["max_tokens"] == 7
    (refused,) = deliver({**body, "at": 5}, file)
    assert refused.refused is not None
    assert b"s3cret" not in refused.input.raw
    assert refused.input.digest != unit.input.digest


def test_a_payload_without_secrets_is_kept_byte_for_byte() -> None:
    raw = b'{"kind" : "inside",\n "at": 5}'
    (refused,) = deliver(raw, INSIDE)
    assert refused.input.raw == raw


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("split: body.things", "split: body.things["), "split"),
        (("time: context.time", "define: {a: my.b, b: my.a}\ntime: context.time"), "mentions itself"),
        (("delivery: body.id", "delivery: my.ids"), "my.ids is mentioned and defined nowhere"),
        (("time: context.time", "redact: [things.x]\ntime: context.time"), "redact"),
        (("time: context.time", "decoder: {json: {strict: no}}\ntime: context.time"), "no option"),
        (("ignore: test_delivery", "ignore: boring"), "ignore 'boring'"),
        (("ignore: test_delivery", "ignore: test_delivery, type: x"), "one of ignore, facts, inner or type"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(change: tuple[str, str], complaint: str) -> None:
    assert change[0] in SPLITTING
    with pytest.raises(MappingInvalid, match=complaint):
        installed(SPLITTING.replace(*change))
