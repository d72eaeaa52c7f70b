"""Text that no other decoder reads: handed on whole, for `capture()` and the like."""

from collections.abc import Mapping
from typing import Any

from govbus.intake.domain.refusals import Refused


def decode(raw: bytes, options: Mapping[str, Any]) -> dict[str, str]:
    """Return `{"text": …}` of UTF-8 bytes.

    The option `invalid: replace` puts U+FFFD where bytes are not UTF-8: for payloads whose text nobody keeps.

    Raises:
        Refused: `invalid_utf8`.
    """
    unknown = set(options) - {"invalid"}
    if unknown:
        raise ValueError(f"this decoder has no option {min(unknown)!r}")
    if options.get("invalid", "refuse") not in {"refuse", "replace"}:
        raise ValueError(f"invalid: {options['invalid']!r} is neither refuse nor replace")
    try:
        return {"text": raw.decode("utf-8-sig", "replace" if options.get("invalid") == "replace" else "strict")}
    except UnicodeDecodeError as error:
        raise Refused("invalid_utf8", f"byte {error.start} is not UTF-8") from None
