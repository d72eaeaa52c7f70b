"""Runs one service as a process: settings → logs → tracing → application → uvicorn."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Final, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from govbus.eventing.error_words import traceback_text
from govbus.eventing.manifest import StartRefused
from govbus.eventing.service import Service
from govbus.eventing.settings import ServiceSettings
from govbus.eventing.tracing import start_tracing

REFUSED: Final = 78
"""Exit code of a start that must not be tried again as it is (EX_CONFIG of sysexits.h)."""

_GRACE_SECONDS: Final = 5

S = TypeVar("S", bound=ServiceSettings)


def serve(settings_class: type[S], build_app: Callable[[S], FastAPI]) -> None:
    """Run until SIGTERM; exit code 78 when settings or topics are wrong, with a sentence that says what to do."""
    start_logs(os.environ.get("GOVBUS_LOG_LEVEL", "INFO"))
    try:
        settings = settings_class()
    except ValidationError as error:
        wrong = "; ".join(f"GOVBUS_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        sys.stderr.write(f"settings are wrong: {wrong}\n")
        sys.exit(REFUSED)
    try:
        app = build_app(settings)
    except StartRefused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(REFUSED)
    service: Service = app.state.service
    start_tracing(service.name)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who connects is decided by the connection, never by a header
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    server.run()
    if service.refusal:
        sys.stderr.write(f"{service.name} refused to start: {service.refusal}\n")
        sys.exit(REFUSED)


def start_logs(level: str) -> None:
    """Write one JSON line per log record to standard error; tracebacks quote no data."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(traceback_text),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
