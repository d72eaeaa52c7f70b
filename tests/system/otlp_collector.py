"""Takes spans over OTLP/HTTP, as a collector does, and tells which services a trace went through."""

import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typing_extensions import override


class OtlpCollector:
    """Listens on loopback from the beginning to `stop`."""

    def __init__(self) -> None:
        """Begin to listen."""
        self._spans: list[tuple[str, str, str, bool]] = []
        self.bodies: list[bytes] = []
        lock = threading.Lock()
        spans, bodies = self._spans, self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    bodies.append(body)
                    spans.extend(_read(ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """Value of OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def traces(self) -> list[tuple[str, set[str]]]:
        """Return, per trace, the name of the span without parent and the services it went through."""
        roots: dict[str, str] = {}
        services: dict[str, set[str]] = defaultdict(set)
        for trace, service, name, is_root in list(self._spans):
            services[trace].add(service.removeprefix("govbus-"))
            if is_root:
                roots[trace] = name
        return [(roots.get(trace, ""), through) for trace, through in services.items()]

    def stop(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _read(request: ExportTraceServiceRequest) -> list[tuple[str, str, str, bool]]:
    found = []
    for resource in request.resource_spans:
        attributes = {item.key: item.value.string_value for item in resource.resource.attributes}
        for scope in resource.scope_spans:
            found += [
                (span.trace_id.hex(), attributes["service.name"], span.name, not span.parent_span_id)
                for span in scope.spans
            ]
    return found
