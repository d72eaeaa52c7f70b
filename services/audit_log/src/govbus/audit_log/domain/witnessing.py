"""What is known of one witness: how far it has cosigned, how it fails, and when it is asked again."""

from dataclasses import dataclass, replace
from typing import Final

_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
"""A witness that came back is asked within a minute."""


class WitnessFailed(Exception):
    """A witness did not cosign; `reason` is from a closed list.

    Attributes:
        reason: `unresolvable`, `address_not_allowed`, `timeout`, `unreachable`, `bad_answer`, `http_<status>`,
            `another_history` (it cosigned another tree of the same size) or `ahead` (it has seen a larger one).
        detail: a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Keep word and sentence."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class WitnessState:
    """One witness as this process knows it; `asked_size` is what it said to have cosigned last, stored here or not."""

    size: int = 0
    asked_size: int = 0
    cosigned_at_seconds: int | None = None
    failure_count: int = 0
    failure: str | None = None
    not_before_seconds: float = 0.0

    def is_due(self, size: int, now_seconds: float) -> bool:
        """Return whether it is asked about a tree of `size` now."""
        return size > self.size and now_seconds >= self.not_before_seconds


def remembered(state: WitnessState, size: int, cosigned_at_seconds: int) -> WitnessState:
    """Return the state with what the table says that it cosigned, by this process or another."""
    if size <= state.size:
        return state
    return replace(state, size=size, asked_size=max(size, state.asked_size), cosigned_at_seconds=cosigned_at_seconds)


def told(state: WitnessState, asked_size: int) -> WitnessState:
    """Return the state with what the witness says that it cosigned last."""
    return replace(state, asked_size=asked_size)


def succeeded(size: int, cosigned_at_seconds: int) -> WitnessState:
    """Return the state after a cosignature was stored."""
    return WitnessState(size=size, asked_size=size, cosigned_at_seconds=cosigned_at_seconds)


def failed(state: WitnessState, reason: str, now_seconds: float) -> WitnessState:
    """Return the state after a failure; pauses double, up to a minute, and what it said is asked anew."""
    pause_seconds = min(_FIRST_PAUSE_SECONDS * 2 ** min(state.failure_count, 10), _LONGEST_PAUSE_SECONDS)
    return replace(
        state,
        asked_size=state.size,
        failure_count=state.failure_count + 1,
        failure=reason,
        not_before_seconds=now_seconds + pause_seconds,
    )
