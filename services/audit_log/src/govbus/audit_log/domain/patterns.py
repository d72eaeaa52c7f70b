"""Patterns in searches: `model/bank/*` for every subject below, `dev.govbus.*.failed.v1` for types."""

from typing import Final

ANYTHING: Final = "*"
_LAST: Final = "\U0010ffff"
_SURROGATES: Final = range(0xD800, 0xE000)


def subject_prefix(subject: str) -> str | None:
    """Return what subjects begin with that `subject` asks for by its final `/*`; None: it is one subject.

    Elsewhere `*` is a character that names may have.
    """
    return subject.removesuffix(ANYTHING) if subject.endswith("/" + ANYTHING) else None


def fixed_beginning(glob: str) -> str:
    """Return what every text begins with that a glob matches."""
    return glob.partition(ANYTHING)[0]


def after_all_with(prefix: str) -> str | None:
    """Return the least text, by code points, that is behind every text with this prefix; None: nothing is."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)


def matches(glob: str, text: str) -> bool:
    """Return whether a text is what a glob says, `*` being any characters; linear in the text."""
    first, *rest = glob.split(ANYTHING)
    if not rest:
        return text == glob
    last = rest.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    place, end = len(first), len(text) - len(last)
    for part in rest:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
