"""Asks the witnesses about the newest checkpoint, all at once, and keeps the cosignatures they give.

A witness that is away holds up nothing but the quorum: the log goes on signing and copying.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

import httpx2
from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.domain.witnessing import WitnessFailed, WitnessState, failed, remembered, succeeded, told
from govbus.audit_log.settings import Settings
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import witnesses as store
from govbus.audit_log.store.signing import StoredCheckpoint, newest_checkpoint
from govbus.audit_log.store.tree import prove
from govbus.audit_log.witness_client import Cosignature, WitnessClient
from govbus.contracts.translog.add_checkpoint import AddCheckpoint
from govbus.contracts.translog.paths import consistency_plan
from govbus.contracts.translog.policy import KnownWitness, Policy, quorum_met

_log: Final = logging.getLogger(__name__)
_AT_ONCE_COUNT: Final = 8
_TRIES_COUNT: Final = 2
"""The second with the size that the answer to the first one named."""


class Witnessing:
    """The witnesses of one log; several processes may ask, a checkpoint that is cosigned twice does no harm."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, policy: Policy, standing: Standing, registry: CollectorRegistry
    ) -> None:
        """Take whom to ask; nothing connects before `round`."""
        self._engine = engine
        self._policy = policy
        self._standing = standing
        self._is_required = settings.audit_log_publish_needs_quorum
        self._http = httpx2.AsyncClient(timeout=settings.audit_log_witness_timeout_seconds, trust_env=False)
        self._clients = {
            witness: WitnessClient(
                witness.url,
                witness.key,
                self._http,
                settings.audit_log_witness_timeout_seconds,
                allow_private_network=settings.audit_log_witness_allow_private_network,
            )
            for witness in policy.witnesses
            if witness.url is not None
        }
        self._states = dict.fromkeys(policy.witnesses, WitnessState())
        self._at_once = asyncio.Semaphore(_AT_ONCE_COUNT)
        # Size of the largest tree a witness has cosigned. Behind govbus_log_checkpoint_size_entries: see failures.
        self._size = Gauge(
            "govbus_log_witness_size_entries", "Entries under its newest cosignature", ["witness"], registry=registry
        )
        # Unix time of a witness's newest cosignature. Old while the log grows: ask who runs it.
        self._cosigned_at = Gauge(
            "govbus_log_witness_cosigned_seconds", "Unix time of its newest cosignature", ["witness"], registry=registry
        )
        # Requests that gave no cosignature. `another_history` or `ahead`: page, this log may have been rolled back.
        self._failures = Counter(
            "govbus_log_witness_failures_total",
            "Requests without a cosignature",
            ["witness", "reason"],
            registry=registry,
        )
        # 1 while the checkpoint that witnesses were asked about last has its quorum.
        self._met = Gauge("govbus_log_witness_quorum", "Whether the quorum is met", registry=registry)

    @property
    def policy(self) -> Policy:
        """Whom the log asks, and who is enough."""
        return self._policy

    def state_of(self, witness: KnownWitness) -> WitnessState:
        """Return what this process knows of a witness."""
        return self._states[witness]

    async def round(self) -> None:
        """Ask every witness that lacks the newest checkpoint and is due; then say how far the quorum is.

        Raises:
            Exception: the database is away.
        """
        self._standing.require()
        async with self._engine.connect() as connection:
            newest = await newest_checkpoint(connection)
            found = await store.last_cosigned(connection, [str(witness.key) for witness in self._policy.witnesses])
        self._remember(found)
        if newest is not None:
            async with asyncio.TaskGroup() as asking:
                for witness in self._clients:
                    if self._states[witness].is_due(newest.compact.size, time.monotonic()):
                        asking.create_task(self._serve(witness, newest))
        await self._settle(newest.compact.size if newest else 0)

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _serve(self, witness: KnownWitness, newest: StoredCheckpoint) -> None:
        try:
            async with self._at_once:
                found = await self._ask(witness, newest)
        except WitnessFailed as failure:
            state = failed(self._states[witness], failure.reason, time.monotonic())
            self._states[witness] = state
            self._failures.labels(witness.key.name, failure.reason).inc()
            _log.warning("witness %s did not cosign (%s): %s", witness.key.name, failure.reason, failure.detail)
            return
        size, cosigned_at = newest.compact.size, datetime.fromtimestamp(found.at_seconds, UTC)
        async with self._engine.begin() as connection:
            await store.insert_cosignature(connection, str(witness.key), size, str(found.signature), cosigned_at)
        self._states[witness] = succeeded(size, found.at_seconds)
        self._show(witness)

    async def _ask(self, witness: KnownWitness, newest: StoredCheckpoint) -> Cosignature:
        size, old_size = newest.compact.size, self._states[witness].asked_size
        for _ in range(_TRIES_COUNT):
            if old_size > size:
                raise WitnessFailed("ahead", f"it has cosigned a tree of {old_size} entries, this one has {size}")
            async with self._engine.connect() as connection:
                proof = await prove(connection, consistency_plan(old_size, size))
            answer = await self._clients[witness].ask(AddCheckpoint(old_size, proof, newest.note))
            if isinstance(answer, Cosignature):
                return answer
            if answer == old_size:
                raise WitnessFailed("another_history", f"it has cosigned another tree of {old_size} entries")
            old_size = answer
            self._states[witness] = told(self._states[witness], old_size)
        raise WitnessFailed("bad_answer", "the size it has cosigned changes while it is asked")

    async def _settle(self, newest_size: int) -> None:
        """Say whether enough witnesses have seen the newest checkpoint."""
        async with self._engine.begin() as connection:
            vkeys = await store.witnesses_of(connection, newest_size)
            is_met = quorum_met(self._policy, [key for key in self._policy.witness_keys if str(key) in vkeys])
            await store.move_quorum(connection, newest_size if is_met else 0, is_required=self._is_required)
        self._met.set(is_met)

    def _remember(self, found: list[store.LastCosigned]) -> None:
        last = {item.witness: item for item in found}
        for witness, state in self._states.items():
            item = last.get(str(witness.key))
            if item is not None:
                self._states[witness] = remembered(state, item.size, int(item.cosigned_at.timestamp()))
            self._show(witness)

    def _show(self, witness: KnownWitness) -> None:
        state = self._states[witness]
        self._size.labels(witness.key.name).set(state.size)
        self._cosigned_at.labels(witness.key.name).set(state.cosigned_at_seconds or 0)


async def require_no_quorum(engine: AsyncEngine) -> None:
    """Say that `published` waits for no quorum, as no policy of witnesses is configured (any more).

    Raises:
        Exception: the database is away.
    """
    async with engine.begin() as connection:
        await store.move_quorum(connection, 0, is_required=False)
