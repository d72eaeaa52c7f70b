"""CloudEvents as they leave."""

import json
from datetime import UTC, datetime

import pytest

from govbus.contracts.facts.model import ModelVersionCreated
from govbus.sdk.cloudevents import NotAnEvent, batch, binary, new_event, read_document, structured
from govbus.sdk.typed import event_of

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_short_type_is_a_govbus_type_and_a_long_one_is_left_alone() -> None:
    assert new_event("model.registered", "model/a/b", {}, source="//a").type == "dev.govbus.model.registered.v1"
    for whole in ("com.example.thing.done", "dev.govbus.model.registered.v1", "ping"):
        assert new_event(whole, "model/a/b", {}, source="//a").type == whole


def test_a_structured_event_carries_its_data_as_json() -> None:
    event = new_event("model.registered", "model/a/b", {"purpose": "å"}, source="//a", id_="1", time=AT)
    document = json.loads(structured(event).content)
    assert document == {
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "id": "1",
        "source": "//a",
        "type": "dev.govbus.model.registered.v1",
        "subject": "model/a/b",
        "time": "2026-03-01T12:00:00Z",
        "data": {"purpose": "å"},
    }
    assert json.loads(batch([event]).content) == [document]


def test_binary_headers_are_percent_encoded_where_the_binding_says() -> None:
    headers, body = binary(new_event("a.b.c", 'model/a/Eu"ro €%', {}, source="//a"))
    assert headers["ce-subject"] == "model/a/Eu%22ro%20%E2%82%AC%25"
    assert (headers["content-type"], body) == ("application/json", b"{}")


def test_a_typed_event_names_its_schema() -> None:
    event = event_of(ModelVersionCreated(version="3"), "model/a/b", source="//a")
    assert event.dataschema == "https://schemas.govbus.dev/model.version_created/1.1"
    assert event.json()["version"] == "3"


def test_a_complete_document_is_sent_byte_for_byte_and_a_missing_id_is_made() -> None:
    whole = b'{"specversion": "1.0", "id":"1","time":"2026-03-01T12:00:00Z", "source":"//a","type":"t","data":1.0}'
    assert read_document(whole).content == whole
    filled = read_document(b'[{"source":"//a","type":"t"}]')
    assert filled.is_batch
    assert json.loads(filled.content)[0]["id"] == filled.ids[0]


@pytest.mark.parametrize("raw", [b"", b"1", b"{}", b'{"type":"t"}', b'{"type":"t","type":"t","source":"a"}', b"\xff"])
def test_what_is_no_event_is_refused_before_it_is_sent(raw: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read_document(raw)
