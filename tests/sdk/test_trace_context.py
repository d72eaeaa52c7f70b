"""The trace of whoever emits."""

import subprocess
import sys

from opentelemetry.sdk.trace import TracerProvider

from govbus.sdk.trace_context import TraceContext, current_trace


def test_without_a_span_there_is_no_trace() -> None:
    assert current_trace() == TraceContext()


def test_the_current_span_is_the_parent() -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("training") as span:
        context = span.get_span_context()
        assert (
            current_trace().traceparent
            == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )


def test_opentelemetry_is_never_imported_by_the_sdk() -> None:
    statement = (
        "import sys; from govbus.sdk.trace_context import current_trace; print(current_trace().traceparent); "
        "print('opentelemetry' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["None", "False"]
