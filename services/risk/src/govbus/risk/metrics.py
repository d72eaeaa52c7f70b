"""Risk's metrics: kind, unit, labels, and what to do about them."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class GateMetrics:
    """Figures of the gate's HTTP answers, counted once they are committed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the service's registry."""
        # Answers by decision: a sudden rise of `deny` is a release train standing still; see govbus_risk_guards_total.
        self._decisions = Counter("govbus_risk_decisions_total", "Gate answers", ["decision"], registry=registry)
        # Denials because risk itself was not fit to decide: any steady rate means lag, parked records or no policy.
        self._guards = Counter("govbus_risk_guards_total", "Denials by risk's own state", ["rule"], registry=registry)
        # Seconds from question to committed answer, waiting for `after` included.
        self._seconds = Histogram(
            "govbus_risk_gate_seconds", "Time to answer", buckets=_BUCKETS_SECONDS, registry=registry
        )

    def answered(self, decision: str, guards: tuple[str, ...], took_seconds: float) -> None:
        """Count one committed answer."""
        self._decisions.labels(decision).inc()
        for rule in guards:
            self._guards.labels(rule).inc()
        self._seconds.observe(took_seconds)
