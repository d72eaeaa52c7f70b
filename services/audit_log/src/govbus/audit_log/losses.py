"""Puts on record that records were deleted from Kafka before the log read them; reading goes on behind them."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.gaps import RecordGap, draft_record_gap
from govbus.audit_log.handlers import Sequencer
from govbus.contracts.identity import fresh_id
from govbus.eventing.assignment import Lost


class Losses:
    """One entry of kind `gap` per stretch that was lost; `audit.gap_detected` follows it on the log's topic."""

    def __init__(
        self, sequencer: Sequencer, origin: str, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        """Take what putting on record needs."""
        self._sequencer = sequencer
        self._origin = origin
        self._clock = clock
        # Records that the log does not hold and can no longer read, by topic. Any: page, and look for the cause.
        self._lost = Counter(
            "govbus_log_lost_records_total", "Records deleted before they were read", ["topic"], registry=registry
        )

    async def put_on_record(self, connection: AsyncConnection, lost: Lost) -> None:
        """Enter what is missing, in the transaction that moves the partition's offset.

        Raises:
            NotCompared, Inconsistent: the log does not go on at this moment.
        """
        gap = RecordGap(lost.topic, lost.partition, lost.first_offset, lost.last_offset, self._clock())
        await self._sequencer.enter(connection, [draft_record_gap(self._origin, gap, fresh_id())])
        self._lost.labels(lost.topic).inc(gap.missing_count)
