"""How far a long work is: on a terminal only, on one line of standard error."""

import sys
import time
from typing import Final

_EVERY_SECONDS: Final = 0.1
_last: dict[str, float] = {}


def tell(what: str, done: int, total: int) -> None:
    """Say that `done` of `total` is done, at most ten times a second and at the end."""
    if not sys.stderr.isatty():
        return
    now = time.monotonic()
    if done < total and now - _last.get(what, 0.0) < _EVERY_SECONDS:
        return
    _last[what] = now
    sys.stderr.write(f"\r{what}: {done} of {total}" + ("\n" if done == total else ""))
    sys.stderr.flush()
