"""How values of payloads read in a report."""

from typing import Any, Final

from govbus.contracts.personal import is_sealed

TEXT_CHARACTERS: Final = 2000
"""Of one statement as people read it; `report.json` and the entry have the whole."""

_SEALED: Final = "(personal data, sealed)"


def text_of(value: Any) -> str:
    """Return a payload's value as people read it: lists with commas, objects with semicolons, sealed text not."""
    text = _text(value)
    if len(text) <= TEXT_CHARACTERS:
        return text
    return text[:TEXT_CHARACTERS] + " … (shortened; report.json has the whole)"


def _text(value: Any) -> str:
    match value:
        case bool():
            text = "yes" if value else "no"
        case float():
            text = f"{value:.12g}"
        case str():
            text = _SEALED if is_sealed(value) else value
        case list() | tuple():
            text = ", ".join(map(_text, value))
        case dict():
            text = "; ".join(f"{name}: {_text(inner)}" for name, inner in value.items())
        case _:
            text = "nothing" if value is None else str(value)
    return text
