"""The catalogue of metrics: name, kind, unit, labels, and what to do when it moves."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Metrics of one service process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register every metric of eventing."""
        # Records taken by the consumer. A flat line with lag: see `govbus_lag_records`.
        self._handled = Counter(
            "govbus_records_handled_total", "Records handled and committed", ["topic"], registry=registry
        )
        # Records set aside. Any increase: `govbus parked list`, mend the cause, `govbus parked replay`.
        self._parked = Counter(
            "govbus_records_parked_total", "Records set aside, by reason", ["topic", "reason"], registry=registry
        )
        # Batches rolled back and tried again. Rising: the database or the broker is in trouble.
        self._retried = Counter(
            "govbus_batches_retried_total", "Batches rolled back and tried again", ["topic"], registry=registry
        )
        # Records seen a second time by offset. Rises after restarts; steadily rising: two processes share a partition.
        self._holes = Counter(
            "govbus_offset_holes_total", "First record behind the expected offset", ["topic"], registry=registry
        )
        # Group assignments received. One per start is normal; a steady rise means members come and go.
        self._assigned = Counter("govbus_assignments_total", "Partition assignments received", registry=registry)
        # Unread records. Growing for minutes: scale out or look for a slow handler.
        self._lag = Gauge("govbus_lag_records", "Records not read yet", ["topic"], registry=registry)
        # Partitions that are refused (topic truncated, recreated, expired) or poisoned. Not 0: page, see the log.
        self._stopped = Gauge("govbus_partitions_stopped", "Partitions that need an operator", registry=registry)
        # Events published by the relay, and outbox rows waiting. Waiting grows: broker away or relay stuck.
        self._published = Counter(
            "govbus_events_published_total", "Outbox rows acknowledged by Kafka", ["topic"], registry=registry
        )
        # Relay failures. Each costs a resend, never a loss; steadily rising: look at the broker.
        self._relay_failed = Counter("govbus_relay_failures_total", "Relay batches sent again", registry=registry)
        # Seconds from outbox insert to acknowledgement.
        self._relay_age = Histogram(
            "govbus_relay_delay_seconds",
            "Age of the oldest row of a published batch",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            registry=registry,
        )
        # Background jobs that raised. Rising: the log names the job and the error.
        self._job_failed = Counter("govbus_job_failures_total", "Background job failures", ["job"], registry=registry)

    def handled(self, topic: str, handled_count: int, parked_count: int) -> None:
        """Count a committed batch."""
        self._handled.labels(topic).inc(handled_count - parked_count)

    def parked(self, topic: str, reason: str) -> None:
        """Count a record set aside."""
        self._parked.labels(topic, reason).inc()

    def retried(self, topic: str) -> None:
        """Count a batch that was rolled back."""
        self._retried.labels(topic).inc()

    def hole(self, topic: str) -> None:
        """Count a first record behind the expected offset."""
        self._holes.labels(topic).inc()

    def assigned(self) -> None:
        """Count an assignment."""
        self._assigned.inc()

    def lag(self, topic: str, record_count: int) -> None:
        """Set the unread records of a topic."""
        self._lag.labels(topic).set(record_count)

    def stopped(self, partition_count: int) -> None:
        """Set the partitions that need an operator."""
        self._stopped.set(partition_count)

    def published(self, topic: str, event_count: int) -> None:
        """Count acknowledged events."""
        self._published.labels(topic).inc(event_count)

    def relay_failed(self) -> None:
        """Count a relay batch that is sent again."""
        self._relay_failed.inc()

    def relay_delay(self, age_seconds: float) -> None:
        """Observe the age of the oldest row published."""
        self._relay_age.observe(max(age_seconds, 0))

    def job_failed(self, job: str) -> None:
        """Count a failed background job."""
        self._job_failed.labels(job).inc()
