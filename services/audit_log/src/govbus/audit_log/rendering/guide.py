"""`VERIFY.md`: how a stranger checks a pack with tools of their own."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES: Final = Path(__file__).parent / "templates"


def render_guide(*, origin: str, subject: str, size: int, entries_count: int) -> bytes:
    """Return the instructions; it is Markdown with code in it, read as text, so nothing is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=False,  # noqa: S701 - not HTML
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    template = environment.get_template("VERIFY.md")
    return template.render(origin=origin, subject=subject, size=size, entries_count=entries_count).encode()
