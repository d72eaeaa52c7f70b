"""JSON and JSON Lines, read strictly: see `govbus.contracts.strict_json` for what is refused."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from govbus.contracts import strict_json
from govbus.intake.domain.refusals import Refused

LINES_COUNT: Final = 100_000
"""Lines of one JSON Lines document: 8 MiB of `0` would be millions of values."""

FIELDS_COUNT: Final = 100
"""Fields of one form."""

_BOM: Final = b"\xef\xbb\xbf"


def decode(raw: bytes, options: Mapping[str, Any]) -> Any:
    """Return the one JSON value in `raw`.

    With the option `form_field` a URL-encoded form whose first field is called so is that field's JSON, as GitHub sends
    it unless told otherwise; no JSON value begins like a form.

    Raises:
        Refused: the strict parser's own reason, `undecodable` where the field comes more than once or not as UTF-8.
    """
    _no_options({name: value for name, value in options.items() if name != "form_field"})
    field = options.get("form_field")
    if field is not None and not isinstance(field, str):
        raise TypeError("form_field is the name of a field")
    if field is not None and raw.startswith(field.encode() + b"="):
        return _value(_form_value(raw, field), f"{field}: ")
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


def _form_value(raw: bytes, field: str) -> bytes:
    try:
        values = parse_qs(raw.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=FIELDS_COUNT)[field]
    except ValueError as error:
        raise Refused("undecodable", f"not a URL-encoded form: {error}") from None
    if len(values) > 1:
        raise Refused("undecodable", f"{field} stands there {len(values)} times")
    return values[0].encode()


def _is_json(raw: bytes) -> bool:
    try:
        strict_json.parse(raw)
    except strict_json.InvalidJson:
        return False
    return True


def _no_options(options: Mapping[str, Any]) -> None:
    if options:
        raise ValueError(f"this decoder has no option {min(options)!r}")
