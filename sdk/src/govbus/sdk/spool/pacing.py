"""How long to wait before sending again. Pure: chance is an argument."""

from typing import Final

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 60.0
"""A Govbus that is back is noticed within a minute."""

_DOUBLINGS: Final = 10


def pause_seconds(failures_count: int, chance: float, asked_seconds: float | None = None) -> float:
    """Return the pause after so many failures in a row: doubling, and between half and all of it by `chance` in [0, 1).

    Never shorter than what the server asked for.
    """
    whole = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures_count - 1, _DOUBLINGS))
    return max(whole * (1 + chance) / 2, asked_seconds or 0.0)
