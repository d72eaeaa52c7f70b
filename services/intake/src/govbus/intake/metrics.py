"""The catalogue of intake's metrics: name, kind, labels, and what to do when it moves."""

from prometheus_client import CollectorRegistry, Counter


class IntakeMetrics:
    """What came in and what became of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register every metric of intake."""
        # Units by channel (event, webhook, kafka) and outcome. `rejected` rising: GET /v1/rejected says why.
        self._units = Counter("govbus_intake_units_total", "Input by outcome", ["channel", "status"], registry=registry)
        # Refusals by reason. One reason rising: a platform changed what it sends, see its event.rejected.
        self._refused = Counter("govbus_intake_refused_total", "Refused input by reason", ["reason"], registry=registry)
        # Refused without authentication. Rising: a forgotten credential, or somebody tries.
        self._unauthenticated = Counter(
            "govbus_intake_unauthenticated_total", "Refused without authentication", ["reason"], registry=registry
        )

    def unit(self, channel: str, status: str, reason: str | None) -> None:
        """Count one committed unit."""
        self._units.labels(channel, status).inc()
        if reason is not None:
            self._refused.labels(reason).inc()

    def unauthenticated(self, reason: str) -> None:
        """Count one refusal of somebody unknown."""
        self._unauthenticated.labels(reason).inc()
