"""The gate: waits until the state is fresh enough, then decides; in doubt it stays shut and says why."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.identity import fresh_id
from govbus.contracts.making import Actor, person_did
from govbus.contracts.topics import FACTS, OVERSIGHT
from govbus.eventing import parking, rebuilding
from govbus.eventing.progress import has_read, parse_position
from govbus.eventing.serialise import lock_subject
from govbus.eventing.service import Service
from govbus.risk.deciding import Decider, Repeatable, Verdict, record, said_reasons
from govbus.risk.domain.decision import STATE_BEHIND, STATE_STALE, STATE_UNKNOWN, SUBJECT_PARKED, Reason
from govbus.risk.domain.document import Question
from govbus.risk.metrics import GateMetrics
from govbus.risk.store import decisions

_FIRST_PAUSE_SECONDS: Final = 0.02
"""A fact is usually read within tens of milliseconds."""
_LONGEST_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Answered:
    """The gate's answer and the id under which it can be looked up; `is_repeated` for one that was given before."""

    decision_id: str
    outcome: str
    reasons: list[dict[str, Any]]
    policy_digest: str
    is_repeated: bool = False


class KeyReused(Exception):
    """The Idempotency-Key belongs to another question."""


class KeyExpired(Exception):
    """The decision under this Idempotency-Key is too old to be given again: state may have changed since."""


class Gate:
    """Answers one question at a time, each recorded before it is given."""

    def __init__(
        self,
        service: Service,
        decider: Decider,
        wait_seconds: float,
        max_lag_seconds: float,
        repeat_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        """Wait at most `wait_seconds` for `after`; deny on state older than `max_lag_seconds`.

        A question that is asked again under its Idempotency-Key gets its decision for `repeat_seconds`.
        """
        self._service = service
        self._decider = decider
        self._metrics = GateMetrics(service.registry)
        self._wait_seconds = wait_seconds
        self._max_lag_seconds = max_lag_seconds
        self._repeated_for = timedelta(seconds=repeat_seconds)
        self._clock = clock

    async def answer(
        self, question: Question, after: str | None, actor: Actor, repeatable: Repeatable | None = None
    ) -> Answered:
        """Return the decision, after its row and its event were committed.

        Raises:
            InvalidPosition: `after` is not a position.
            KeyReused, KeyExpired: the Idempotency-Key cannot be used for this question.
        """
        began = time.monotonic()
        guards = [] if after is None or await self._has_read_in_time(after) else [STATE_BEHIND]
        guards += self._lag_guards()
        decision_id = fresh_id()
        async with self._service.transaction() as (connection, outbox):
            if repeatable and (before := await self._before(connection, question, actor, repeatable)):
                return before
            await lock_subject(connection, question.subject)
            if await rebuilding.consumes_again(connection, FACTS, OVERSIGHT):
                guards.append(STATE_STALE)
            if await parking.has_parked(connection, question.subject, OVERSIGHT):
                guards.append(SUBJECT_PARKED)
            verdict = await self._decider.verdict(connection, question, guards)
            await record(
                connection,
                outbox,
                question,
                verdict,
                decision_id=decision_id,
                asked_by=actor.id,
                via="http",
                event=lambda said: person_did("risk", question.subject, said, actor, question.at, id_=decision_id),
                repeatable=repeatable,
            )
        rules = tuple(guard.rule for guard in guards)
        self._metrics.answered(verdict.decision.outcome, rules, time.monotonic() - began)
        return _answered(decision_id, verdict)

    async def _before(
        self, connection: AsyncConnection, question: Question, actor: Actor, repeatable: Repeatable
    ) -> Answered | None:
        """Return the decision given under this key; without one the key is this transaction's own until it ends."""
        await lock_subject(connection, f"gate-key\n{actor.id}\n{repeatable.key}")
        found = await decisions.find_asked(connection, actor.id, repeatable.key)
        if found is None:
            return None
        if bytes(found["asked_sha256"]) != repeatable.asked_sha256:
            raise KeyReused
        if found["decided_at"] + self._repeated_for < question.at:
            raise KeyExpired
        return _repeated(found)

    def question(self, subject: str, version: str, environment: str, requested_by: str) -> Question:
        """Return the question as asked now."""
        return Question(subject, version, environment, requested_by, self._clock())

    def _lag_guards(self) -> list[Reason]:
        age_seconds = self._service.oldest_unread_age_seconds(FACTS, OVERSIGHT)
        if age_seconds is None:
            return [STATE_UNKNOWN]
        return [STATE_STALE] if age_seconds > self._max_lag_seconds else []

    async def _has_read_in_time(self, position: str) -> bool:
        parse_position(position)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            async with self._service.engine.connect() as connection:
                if await has_read(connection, position):
                    return True
            if loop.time() + pause_seconds > deadline:
                return False
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


def _answered(decision_id: str, verdict: Verdict) -> Answered:
    reasons = [reason.model_dump(mode="json") for reason in said_reasons(verdict.decision)]
    return Answered(decision_id, verdict.decision.outcome, reasons, verdict.policy_digest)


def _repeated(found: RowMapping) -> Answered:
    return Answered(found["decision_id"], found["decision"], found["reasons"], found["policy_digest"], is_repeated=True)
