"""The report as JSON, for machines; its schema is frozen."""

from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from govbus.audit_log.domain.report import Report

SCHEMA_FILE: Final = Path(__file__).parent / "report.schema.json"
"""What version 1 looks like; a test holds it to the dataclasses."""

_ADAPTER: Final = TypeAdapter(Report)


def render_json(report: Report) -> bytes:
    """Return the document, indented for people who look into it all the same."""
    return _ADAPTER.dump_json(report, indent=2) + b"\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return _ADAPTER.json_schema(mode="serialization")
