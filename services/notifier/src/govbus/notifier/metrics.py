"""The catalogue of notifier's metrics: name, kind, unit, labels, and what to do when it moves."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class NotifierMetrics:
    """Metrics of the sender, beside those of eventing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register every metric."""
        # Attempts by receiver and outcome (`delivered`, or why not). Anything but `delivered` rising: look at the
        # receiver; GET /v1/notifications?state=failed lists what was given up, `resend` sends it again.
        self._attempts = Counter(
            "govbus_notification_attempts_total", "Attempts to deliver", ["receiver", "outcome"], registry=registry
        )
        # Notifications that wait. Growing: a receiver is away or slow; see the attempts.
        self._pending = Gauge("govbus_notifications_pending", "Notifications not yet settled", registry=registry)
        # Seconds from the making of a notification to its delivery, retries included.
        self._delay = Histogram(
            "govbus_notification_delay_seconds",
            "From made to delivered",
            ["receiver"],
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 14_400, 86_400),
            registry=registry,
        )

    def attempted(self, receiver: str, outcome: str) -> None:
        """Count an attempt."""
        self._attempts.labels(receiver, outcome).inc()

    def delivered(self, receiver: str, delay_seconds: float) -> None:
        """Observe how long a delivered notification took."""
        self._delay.labels(receiver).observe(max(delay_seconds, 0))

    def pending(self, notifications_count: int) -> None:
        """Set how many wait."""
        self._pending.set(notifications_count)
