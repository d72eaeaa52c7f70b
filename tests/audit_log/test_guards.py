"""What keeps the log append-only is what the migrations make, to the last trigger, right and body of a function."""

import json
import os

from sqlalchemy.ext.asyncio import create_async_engine

from architecture.checkout import CHECKOUT
from govbus.audit_log.store.guards import Guards, expected_guards, read_guards

GOLDEN = CHECKOUT / "services" / "audit_log" / "src" / "govbus" / "audit_log" / "store" / "expected_guards.json"
UPDATE = "GOVBUS_UPDATE_GOLDENS"


async def _guards(dsn: str) -> Guards:
    engine = create_async_engine(dsn)
    async with engine.connect() as connection:
        found = await read_guards(connection)
    await engine.dispose()
    return found


def _renew(found: Guards) -> None:
    GOLDEN.write_text(json.dumps(dict(found.state), indent=1, sort_keys=True) + "\n", encoding="utf-8")


async def test_the_guards_of_a_migrated_database_are_the_expected_ones(log_dsn: str) -> None:
    found = await _guards(log_dsn)
    if os.environ.get(UPDATE):
        _renew(found)
    assert found.differences(expected_guards(with_owner_guard=True)) == [], f"a migration? run it with {UPDATE}=1"
    assert found.wrong == ()
    assert found.stops_the_owner
