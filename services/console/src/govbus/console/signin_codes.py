"""One-time sign-in codes: a file per code, named by the code's digest, taken by exactly one who brings the code."""

import hashlib
import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

_CODE_LIMIT_COUNT: Final = 256
_FILE_LIMIT_BYTES: Final = 32 * 1024


class CodeRefused(Exception):
    """A code that lets nobody in: unknown, used, or over. Which of them is not told apart outside."""


class _Waiting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    token: str
    expires_at: AwareDatetime


def take_code(directory: Path, code: str, now: datetime) -> str:
    """Return the person's token that waits for `code`, and make the code useless.

    The rename is atomic, so of two who bring the same code one gets in.

    Raises:
        CodeRefused: no such code, used before, over, or its file is no sign-in.
    """
    if not code or len(code) > _CODE_LIMIT_COUNT:
        raise CodeRefused("no code")
    waiting = directory / f"{hashlib.sha256(code.encode()).hexdigest()}.json"
    taken = waiting.with_name(f"{waiting.stem}.{secrets.token_hex(8)}.taken")
    try:
        waiting.rename(taken)
    except OSError:
        raise CodeRefused("unknown or used") from None
    try:
        with taken.open("rb") as file:
            document = _Waiting.model_validate(json.loads(file.read(_FILE_LIMIT_BYTES)))
    except (OSError, ValueError, ValidationError):
        raise CodeRefused("not a sign-in") from None
    finally:
        os.unlink(taken)  # noqa: PTH108 - the name, not what it points to
    if document.expires_at <= now:
        raise CodeRefused("over")
    return document.token
