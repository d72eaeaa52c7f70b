"""Text that no other decoder reads: handed on whole, for `capture()` and the like."""

from collections.abc import Mapping
from typing import Any

from govbus.intake.domain.refusals import Refused


def decode(raw: bytes, options: Mapping[str, Any]) -> dict[str, str]:
    """Return `{"text": …}` of UTF-8 bytes; there are no options.

    Raises:
        Refused: `invalid_utf8`.
    """
    if options:
        raise ValueError(f"this decoder has no option {min(options)!r}")
    try:
        return {"text": raw.decode("utf-8-sig")}
    except UnicodeDecodeError as error:
        raise Refused("invalid_utf8", f"byte {error.start} is not UTF-8") from None
