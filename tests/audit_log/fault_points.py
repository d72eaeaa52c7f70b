"""Named points between every two steps of the log, and what happens to the process that reaches one.

They are laid around the steps from outside, in processes of tests alone: the service has nothing to switch on.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from itertools import count
from typing import Any

import asyncpg

from govbus.audit_log import handlers, publishing, signing
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.store import appending, places
from govbus.audit_log.store import signing as signing_store
from govbus.audit_log.topic_writer import TopicWriter
from govbus.eventing.sequencing import SequencingRunner

FREEZE, KILL = "freeze", "kill"
_SIGNALS = {KILL: signal.SIGKILL, FREEZE: signal.SIGSTOP}


@dataclass(frozen=True)
class Point:
    """Before or after one step; `table` narrows a COPY down to one, `found` down to a step that found work.

    Of `times_count` times that it is reached the last one counts: a publisher's first work is to become the publisher.
    """

    owner: Any
    step: str
    after: bool
    table: str | None = None
    found: bool = False
    times_count: int = 1


POINTS = {
    "offsets moved": Point(handlers.Sequencer, "on_records", after=False),
    "head locked": Point(appending, "lock_head", after=True),
    "entries copied": Point(asyncpg.Connection, "copy_records_to_table", after=True, table="entry"),
    "payloads copied": Point(appending, "_insert_tiles", after=False),
    "tiles written": Point(appending, "_insert_tiles", after=True),
    "head advanced": Point(appending, "advance_head", after=True),
    "sequenced": Point(SequencingRunner, "run", after=True),
    "epoch taken": Point(signing_store, "take_epoch", after=True),
    "hashed again": Point(signing.Signer, "_regrow", after=True),
    "signed": Point(LogKeys, "sign", after=True),
    "checkpoint stored": Point(signing_store, "insert_checkpoint", after=True),
    "checkpoint committed": Point(signing_store, "next_checkpoint", after=True, found=True),
    "to be copied out": Point(CopyPlace, "put", after=False),
    "copied out": Point(CopyPlace, "put", after=True),
    "copy noted": Point(places, "advance_copied", after=True),
    "named as publisher": Point(signing_store, "hold_topic", after=True),
    "name committed": Point(publishing.Publisher, "_publish_next", after=True, found=True),
    "to be published": Point(TopicWriter, "send", after=False),
    "published": Point(TopicWriter, "send", after=True),
    "cursor moved": Point(signing_store, "move_cursor", after=True),
    "cursor committed": Point(publishing.Publisher, "_publish_next", after=True, found=True, times_count=2),
}
IN_THE_MIDDLE = "in the middle of a COPY"
"""No point between two steps: PostgreSQL waits for the rest of a statement."""


def arm(name: str, what: str) -> None:
    """Let this process be killed or frozen the first time that it reaches the point."""

    def happen() -> None:
        os.kill(os.getpid(), _SIGNALS[what])

    if name == IN_THE_MIDDLE:
        _arm_copy(happen)
        return
    point = POINTS[name]
    reached = count(1)

    def happen_in_time() -> None:
        if next(reached) == point.times_count:
            happen()

    step = getattr(point.owner, point.step)
    setattr(point.owner, point.step, _around(step, point, happen_in_time))


def _around(step: Callable[..., Any], point: Point, happen: Callable[[], None]) -> Callable[..., Any]:
    if not iscoroutinefunction(step):

        @wraps(step)
        def plain(*values: Any, **named: Any) -> Any:
            outcome = step(*values, **named)
            happen()
            return outcome

        return plain

    @wraps(step)
    async def awaited(*values: Any, **named: Any) -> Any:
        meant = point.table is None or point.table in values
        if meant and not point.after:
            happen()
        outcome = await step(*values, **named)
        if meant and point.after and (outcome or not point.found):
            happen()
        return outcome

    return awaited


def _arm_copy(happen: Callable[[], None]) -> None:
    copy = asyncpg.Connection.copy_records_to_table

    async def interrupted(connection: Any, table: str, *, records: Any, columns: Any) -> Any:
        """Hold back the rest until something has happened, with what came before it under way."""

        async def trickle() -> Any:
            given = list(records)
            for place, record in enumerate(given):
                if place == len(given) // 2:
                    happen()
                yield record

        return await copy(connection, table, records=trickle(), columns=columns)

    asyncpg.Connection.copy_records_to_table = interrupted
