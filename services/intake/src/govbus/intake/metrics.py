"""The catalogue of intake's metrics: name, kind, labels, and what to do when it moves."""

from prometheus_client import CollectorRegistry, Counter, Gauge


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

        # Refused because of its source's rate. Rising: raise the limit, or ask the platform why it sends so much.
        self._rate_limited = Counter(
            "govbus_intake_rate_limited_total", "Refused because of a source's rate", ["source"], registry=registry
        )
        # Refused because all bodies fill the room. Rising: a flood, or intake_bodies_bytes is too small.
        self._overloaded = Counter(
            "govbus_intake_overloaded_total", "Refused because bodies filled the room", registry=registry
        )
        # Sources whose deliveries anybody could send (scheme none). Above 0: each of them must be meant.
        self._unsigned = Gauge(
            "govbus_intake_unsigned_sources", "Sources that take unsigned deliveries", registry=registry
        )
        # Sources whose last signature secret or certificate ends within 14 days, or has ended: set the next one.
        self._ending = Gauge(
            "govbus_intake_ending_signatures", "Sources whose last signature secret ends soon", registry=registry
        )

    def units(self, channel: str, status: str, reason: str | None, count: int) -> None:
        """Count committed units of one outcome."""
        self._units.labels(channel, status).inc(count)
        if reason is not None:
            self._refused.labels(reason).inc(count)

    def unauthenticated(self, reason: str) -> None:
        """Count one refusal of somebody unknown."""
        self._unauthenticated.labels(reason).inc()

    def rate_limited(self, source_name: str) -> None:
        """Count one refusal because of a registered source's rate."""
        self._rate_limited.labels(source_name).inc()

    def overloaded(self) -> None:
        """Count one refusal because there was no room for its body."""
        self._overloaded.inc()

    def unsigned_sources(self, count: int) -> None:
        """Say how many sources take unsigned deliveries."""
        self._unsigned.set(count)

    def ending_signatures(self, count: int) -> None:
        """Say of how many sources the last signature secret ends soon."""
        self._ending.set(count)
