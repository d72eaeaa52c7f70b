"""The service's side of Kafka while it runs: checked topics, a live subscription, measured lag."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from govbus.contracts import topics as topic_names
from govbus.eventing.assignment import Assignment
from govbus.eventing.consumer import Backoff, Consumer, Run
from govbus.eventing.error_words import describe
from govbus.eventing.following import Discover, Following
from govbus.eventing.kafka import new_broker, subscribe
from govbus.eventing.lag import Lag
from govbus.eventing.manifest import StartRefused, check_topics
from govbus.eventing.metrics import Metrics
from govbus.eventing.settings import ServiceSettings

_log: Final = logging.getLogger(__name__)
_STOP_SECONDS: Final = 10.0


class Bus:
    """Connects, checks and consumes; a broker that is away is waited for, a wrong topic is not."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        topics: Sequence[str],
        run: Run,
        assignment: Assignment,
        lag: Lag,
        metrics: Metrics,
        discover: Discover | None = None,
    ) -> None:
        """Take the topics to read and what to do with their records; `discover` names those that come and go."""
        self._service = service
        self._settings = settings
        self._topics = tuple(topics)
        self._following = Following(service, settings, discover)
        self._assignment = assignment
        self._lag = lag
        self._backoff = Backoff(settings.retry_initial_seconds, settings.retry_max_seconds)
        self._consumer = Consumer(run, assignment, self._backoff, metrics)
        self._broker: KafkaBroker | None = None
        self._kafka: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Check the topics and consume; returns when the subscription runs.

        Raises:
            StartRefused: a live topic differs from the manifest.
        """
        if not self._checked_topics():
            return  # nothing to read, nothing to say: such a service does without Kafka
        tries_count = 0
        while True:
            try:
                await check_topics(self._settings, self._service, self._checked_topics())
                await self._following.look()
                await self._subscribe()
            except StartRefused:
                raise
            except Exception as error:  # noqa: BLE001 - a broker that is away comes back
                tries_count += 1
                _log.warning("Kafka is not ready: %s", describe(error))
                await self._drop_broker()
                await asyncio.sleep(self._backoff.delay_seconds(tries_count))
            else:
                return

    def _checked_topics(self) -> list[str]:
        own = [topic for topic, writer in topic_names.WRITERS.items() if writer == self._service]
        return sorted({*self._topics, *own})

    async def _subscribe(self) -> None:
        if not self._topics:
            return
        self._broker = new_broker(self._settings, f"govbus.{self._service}.{self._settings.instance}")
        group = f"govbus.{self._service}"
        topics = (*self._topics, *self._following.topics)
        subscriber = subscribe(self._broker, topics, group, self._settings, self._consumer)
        self._lag.read_also(self._following.topics)
        self._consumer.attach(lambda: subscriber.consumer)
        await self._broker.start()
        self._kafka = subscriber.consumer
        if self._kafka is None:
            raise KafkaError("the subscription did not start")

    async def follow_topics(self) -> None:
        """Read the topics that have come and leave those that have gone, without a restart.

        The group rebalances: every partition is verified again, and goes on from its offset row.
        """
        if self._kafka is None or not await self._following.look():
            return
        _log.info("reading the topics of platforms anew: %s", ", ".join(self._following.topics) or "none")
        self._kafka.subscribe(topics=[*self._topics, *self._following.topics], listener=self._consumer)
        self._lag.read_also(self._following.topics)

    async def measure(self) -> None:
        """Measure lag and tell Kafka the offsets, which only its own lag graphs use."""
        if self._kafka is None:
            return
        handled = dict(self._consumer.next_offsets)
        self._consumer.follow(handled, await self._lag.measure(self._kafka))
        mine = self._kafka.assignment()
        offsets = {
            TopicPartition(*place): offset
            for place, offset in self._consumer.next_offsets.items()
            if TopicPartition(*place) in mine
        }
        if offsets:
            await self._kafka.commit(offsets)

    def read_anew(self) -> None:
        """Verify every partition again, refused ones too: the offset rows were set back."""
        if self._kafka is not None:
            self._consumer.verify_anew(self._kafka.assignment())

    def problems(self) -> list[str]:
        """Return in words why the service is not ready as far as Kafka is concerned."""
        if not self._topics:
            return []
        if self._kafka is None:
            return ["not subscribed yet"]
        refused = [f"{partition}: {reason}" for partition, reason in self._assignment.refusals().items()]
        unknown = [] if self._lag.is_known() else ["lag is not known: the broker or the database does not answer"]
        return refused + unknown + self._lag.stalled()

    @property
    def live(self) -> AIOKafkaConsumer | None:
        """The Kafka consumer, None before the subscription runs."""
        return self._kafka

    async def stop(self) -> None:
        """Stop consuming; what is not committed is read again."""
        await self._consumer.stop()
        await self._drop_broker()

    async def _drop_broker(self) -> None:
        broker, self._broker, self._kafka = self._broker, None, None
        if broker is None:
            return
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await broker.stop()
        except Exception as error:  # noqa: BLE001 - it is thrown away either way
            _log.debug("the broker did not stop cleanly: %s", describe(error))
