"""Templates: everything is escaped; what is not known is a dash."""

from datetime import UTC
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader

from govbus.contracts.envelope import parse_time

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
_UNKNOWN: Final = "\N{EN DASH}"


def new_templates() -> Environment:
    """Return the environment of all pages."""
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True)
    environment.filters["moment"] = moment
    environment.filters["person"] = person
    return environment


def moment(value: Any) -> str:
    """Return an RFC 3339 time as people read it, with its zone; what is no time as a dash."""
    try:
        return parse_time(str(value)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return _UNKNOWN


def person(value: Any) -> str:
    """Return the name in a principal's id: `//govbus/people/alice` → `alice`."""
    return str(value).rpartition("/")[2] or _UNKNOWN if value else _UNKNOWN
