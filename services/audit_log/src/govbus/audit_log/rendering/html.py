"""The report as one HTML page: everything escaped, nothing loaded from anywhere, readable on paper."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from govbus.audit_log.domain.report import Report
from govbus.audit_log.rendering import phrases

_TEMPLATES: Final = Path(__file__).parent / "templates"


def render_html(report: Report) -> bytes:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals["say"] = phrases
    return environment.get_template("report.html").render(report=report).encode()
