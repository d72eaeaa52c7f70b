"""Which words of a payload are found by full text: the texts in its JSON, never its keys or numbers."""

from collections.abc import Iterator
from typing import Any, Final

from govbus.contracts import strict_json

TEXT_CHARACTERS: Final = 16_384
"""Of a payload's texts, together: words beyond are not found, and none of a hostile size costs more."""


PAYLOAD_BYTES: Final = 65_536
"""A longer payload is a file rather than something said, and is not searched: parsing it would hold up others."""


def searchable_text(payload: bytes) -> str:
    """Return the texts of a JSON payload, a line each, in their order; nothing of a payload that is no JSON."""
    try:
        value = strict_json.parse(payload)
    except strict_json.InvalidJson:
        return ""
    left_count, lines = TEXT_CHARACTERS, []
    for text in _texts(value):
        lines.append(text[:left_count].replace("\0", " "))
        left_count -= len(text) + 1
        if left_count <= 0:
            break
    return "\n".join(lines)


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend(reversed(item.values()))
        elif isinstance(item, list):
            pending.extend(reversed(item))
