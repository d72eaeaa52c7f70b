"""Where a fact stands is learnt from the audit log's own stream."""

import base64

import pytest

from govbus.contracts import topics
from govbus.contracts.conclusions.log import EntryPublished
from govbus.contracts.making import clock_concluded
from govbus.contracts.translog.entry import Entry, KafkaPlace
from govbus.eventing.delivery import RawDelivery, Unprocessable
from govbus.eventing.outbox import Outbox
from govbus.eventing.records import RawRecord, encode
from govbus.intake.handlers import on_audit_records
from intake.desk import NOW, Desk

REGISTERED = "dev.govbus.model.registered.v1"


def published(entry: bytes, index: int = 41) -> RawRecord:
    """Return the record of a published entry."""
    payload = EntryPublished(index=index, entry=base64.b64encode(entry).decode())
    key, value, headers = encode(clock_concluded("audit_log", "log/l", payload, "entry", str(index), NOW))
    return RawRecord(topics.AUDIT, 0, 7, 0, key, value, headers)


def entry_of(topic: str) -> bytes:
    """Return the log entry of the fact that `Desk.emit` sends."""
    return Entry(
        kind="event",
        id="1",
        source="//mlflow-prod",
        type=REGISTERED,
        subject="model/retail/credit-risk",
        time="2026-11-23T11:59:00Z",
        recordedtime=None,
        kafka=KafkaPlace(topic, 3, 17, 1),
        attributes_commitment=b"a" * 32,
        payload_commitment=b"p" * 32,
    ).canonical()


async def hear(desk: Desk, record: RawRecord) -> None:
    """Handle one record of the log's stream."""
    async with desk.connection() as connection:
        await on_audit_records(RawDelivery([record], connection, Outbox()))


async def test_offset_and_log_index_are_told_once_the_log_has_published_the_entry(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine)
    asked = {"source": "//mlflow-prod", "type": REGISTERED, "id": "1"}
    before = (await desk.client.get("/v1/events", params=asked, headers=mine)).json()
    assert (before["offset"], before["log_index"]) == (None, None)
    await hear(desk, published(entry_of("govbus.risk"), index=40))
    await hear(desk, published(entry_of("govbus.facts"), index=41))
    await hear(desk, published(entry_of("govbus.facts"), index=99))
    after = (await desk.client.get("/v1/events", params=asked, headers=mine)).json()
    assert (after["partition"], after["offset"], after["log_index"]) == (3, 17, 41)


async def test_an_entry_that_cannot_be_read_is_set_aside(desk: Desk) -> None:
    with pytest.raises(Unprocessable):
        await hear(desk, published(b"{}"))
