"""Text as HTML: everything is escaped; of markdown only paragraphs, `code`, **strong** and *emphasis* are known."""

import html
import re
from collections.abc import Iterable
from typing import Final

_MARKS: Final = ((r"`([^`]+)`", r"<code>\1</code>"), (r"\*\*([^*]+)\*\*", r"<strong>\1</strong>"),
                 (r"(?<!\w)\*([^*]+)\*(?!\w)", r"<em>\1</em>"))  # fmt: skip


def escaped(text: object) -> str:
    """Return text that means nothing to HTML, also inside a quoted attribute."""
    return html.escape(str(text), quote=True)


def inline(text: str) -> str:
    """Return a line of words with its marks."""
    found = escaped(text)
    for pattern, replacement in _MARKS:
        found = re.sub(pattern, replacement, found)
    return found


def paragraphs(text: str) -> str:
    """Return words with a paragraph per blank line."""
    return "".join(f"<p>{inline(part)}</p>" for part in re.split(r"\n\s*\n", text.strip()) if part)


def code(text: object) -> str:
    """Return a name or value as code."""
    return f"<code>{escaped(text)}</code>"


def link(target: str, text: str) -> str:
    """Return a link to a place of the same page."""
    return f'<a href="#{escaped(target)}">{escaped(text)}</a>'


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are HTML already; the first cell of a row heads it."""
    head = "".join(f'<th scope="col">{escaped(text)}</th>' for text in heads)
    body = "".join(_row(list(row)) for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(cells: list[str]) -> str:
    return f'<tr><th scope="row">{cells[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in cells[1:]) + "</tr>"
