"""How confidential a record is: as much as the most confidential fact that made it."""

from typing import Final

ORDER: Final = ("public", "internal", "confidential", "personal")
"""From what everybody may see to what concerns a person. Source: shared design, events.md, "Envelope"."""

DEFAULT: Final = "internal"
"""Of a fact that does not say: for everybody here, nobody outside."""

OPEN: Final = frozenset({"public", "internal"})
"""What every reader may see."""


def read_classification(said: str | None) -> str:
    """Return the classification a fact has; one that nobody knows counts as confidential."""
    if said is None:
        return DEFAULT
    return said if said in ORDER else "confidential"


def stricter(one: str, other: str) -> str:
    """Return the more confidential of the two."""
    return max(one, other, key=ORDER.index)
