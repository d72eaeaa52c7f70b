"""Trace propagation: one trace from the first HTTP request over every Kafka hop.

Source: W3C Trace Context; CloudEvents extension "Distributed Tracing".
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, Final, cast

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from govbus.eventing.error_words import describe

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_ENDPOINT_VARIABLES: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def start_tracing(service: str) -> None:
    """Install the tracer provider of this process.

    Spans are exported over OTLP, and database statements traced, when an endpoint is set.
    """
    provider = TracerProvider(resource=Resource.create({"service.name": f"govbus-{service}"}))
    if any(os.environ.get(name) for name in _ENDPOINT_VARIABLES):
        provider.add_span_processor(BatchSpanProcessor(_plugin("opentelemetry_traces_exporter", "otlp_proto_http")()))
        _plugin("opentelemetry_instrumentor", "asyncpg")().instrument(tracer_provider=provider)
    trace.set_tracer_provider(provider)


def _plugin(group: str, name: str) -> Callable[..., Any]:
    """Return an OpenTelemetry plugin by its entry point, so that a process without an endpoint never loads it.

    The exporter alone costs a third of a second of every start.
    """
    (point,) = entry_points(group=group, name=name)
    return cast("Callable[..., Any]", point.load())


def current_traceparent() -> str | None:
    """Return the W3C `traceparent` of the current span, or None outside of one."""
    current = trace.get_current_span().get_span_context()
    return _written(current.trace_id, current.span_id, current.trace_flags) if current.is_valid else None


@lru_cache(maxsize=64)
def _written(trace_id: int, span_id: int, flags: int) -> str:
    """Return a `traceparent`; all events of one transaction have the same."""
    return f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: dict[str, str | int] | None = None,
) -> Iterator[None]:
    """Run the block in a span that continues `parent` (a `traceparent`), or the current span without one.

    A failure is told in words that quote no data: OpenTelemetry's own recording sends the whole message away.
    """
    context = _PROPAGATOR.extract({"traceparent": parent}) if parent else None
    tracer = trace.get_tracer("govbus.eventing")
    with tracer.start_as_current_span(
        name, context=context, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_status(StatusCode.ERROR, describe(error))
            raise
