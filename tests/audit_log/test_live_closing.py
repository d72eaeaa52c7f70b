"""A log that is closed while its service runs on a real Kafka: nothing follows, and the topic names its successor."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from audit_log.desk import Desk, event
from audit_log.live import live_settings, read_published, running, until_published
from backends.running import RunningKafka
from eventing.live import produce, until
from govbus.audit_log.close import close_log
from govbus.audit_log.domain.closing import predecessor_of
from govbus.contracts.translog.entry import CLOSED
from govbus.contracts.translog.verification import verify_payload
from govbus.contracts.translog.vkey import ED25519, VerificationKey, parse_vkeys

pytestmark = pytest.mark.timeout(180)

SUCCESSOR = VerificationKey("govbus.local/audit-2", ED25519, bytes(32))


async def test_a_log_closed_beside_its_running_service_takes_nothing_more_and_the_topic_names_the_successor(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    await produce(kafka, *(event(f"f{n}") for n in range(20)))
    async with running(Desk(live_settings(kafka, log_dsn, tmp_path))) as desk:
        await until_published(desk, 20)
        closing, file = await close_log(desk.settings, SUCCESSOR, "moved")
        assert closing.index == 20
        await produce(kafka, event("late"))
        await until_published(desk, 21)

        async def refused() -> bool:
            return any(SUCCESSOR.name in problem for problem in desk.service.problems())

        await until(refused, "the service says that the log is closed")
        entries, checkpoints = await read_published(kafka)
        assert (len(entries), checkpoints[-1]["size"]) == (21, 21)
        last = {name: b64decode(entries[-1][name]) for name in ("entry", "payload", "commitment_key")}
        assert verify_payload(last["entry"], last["payload"], last["commitment_key"]).kind == CLOSED
        assert json.loads(last["payload"])["successor"] == {"origin": SUCCESSOR.name, "vkey": str(SUCCESSOR)}
        keys = parse_vkeys((await desk.get("/v1/log/key")).text)
        assert predecessor_of(file, keys).successor == SUCCESSOR
        assert await desk.rows("SELECT count(*), max(kind) FILTER (WHERE idx = 20) FROM entry") == [(21, CLOSED)]
