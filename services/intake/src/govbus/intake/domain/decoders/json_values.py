"""JSON and JSON Lines, read strictly: see `govbus.contracts.strict_json` for what is refused."""

from collections.abc import Mapping
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.intake.domain.refusals import Refused

LINES_COUNT: Final = 100_000
"""Lines of one JSON Lines document: 8 MiB of `0` would be millions of values."""

_BOM: Final = b"\xef\xbb\xbf"


def decode(raw: bytes, options: Mapping[str, Any]) -> Any:
    """Return the one JSON value in `raw`; there are no options.

    Raises:
        Refused: the strict parser's own reason.
    """
    _no_options(options)
    return _value(raw, "")


def decode_lines(raw: bytes, options: Mapping[str, Any]) -> list[Any]:
    """Return the values of a JSON Lines document, blank lines left out; there are no options.

    One value written over several lines is the only one: tools write a report so and its samples line by line.

    Raises:
        Refused: the strict parser's own reason with the line it is on, `too_large` for too many lines.
    """
    _no_options(options)
    lines = raw.removeprefix(_BOM).split(b"\n")
    if len(lines) > 1 and not _is_json(next((line for line in lines if line.strip()), b"")) and _is_json(raw):
        return [_value(raw, "")]
    if len(lines) > LINES_COUNT:
        raise Refused("too_large", f"{len(lines)} lines, at most {LINES_COUNT} are read")
    return [_value(line, f"line {number}: ") for number, line in enumerate(lines, start=1) if line.strip()]


def _value(raw: bytes, where: str) -> Any:
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise Refused(error.reason, where + error.detail) from None


def _is_json(raw: bytes) -> bool:
    try:
        strict_json.parse(raw)
    except strict_json.InvalidJson:
        return False
    return True


def _no_options(options: Mapping[str, Any]) -> None:
    if options:
        raise ValueError(f"this decoder has no option {min(options)!r}")
