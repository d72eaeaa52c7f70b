"""How a source's deliveries are authenticated: every scheme by name, and what all of them have in common.

A platform that signs with HMAC-SHA256 or shows a secret is one more row of `SIGNING` or `SHOWING`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from govbus.contracts.envelope import parse_time
from govbus.intake.domain.certified import Certified
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.shared_secrets import SHOWING
from govbus.intake.domain.signatures import SIGNING
from govbus.intake.domain.sns import Notified

NONE: Final = "none"
"""Deliveries that anybody could have sent: only for sources that are registered as internal, and said aloud."""

SNS: Final = "sns"
EVENT_GRID: Final = "eventgrid"
MTLS: Final = "mtls"


class Scheme(Protocol):
    """One way of authenticating a delivery."""

    @property
    def reads_body(self) -> bool:
        """Whether the body is needed to decide; one that is not is never read for a stranger."""

    def check_secret(self, secret: str) -> None:
        """Refuse a secret that the scheme cannot use, with a ValueError that does not hold it."""

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let a delivery pass that one of `secrets` vouches for, or raise `Refused`."""

    def timestamp(self, evidence: Evidence) -> str | None:
        """Return the signed time, None where the scheme signs none; call it after `authenticate`."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The scheme `none`: everything passes."""

    reads_body = False

    def check_secret(self, secret: str) -> None:
        """Refuse a secret that nobody would look at.

        Raises:
            ValueError: there is one.
        """
        if secret:
            raise ValueError("the scheme none has no secret")

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let everything pass."""

    def timestamp(self, _: Evidence) -> str | None:
        """Return None: nothing is signed."""
        return None


SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {**SIGNING, **SHOWING, MTLS: Certified(), SNS: Notified(), NONE: Unsigned()}
)


def check_secret(scheme: str, secret: str) -> None:
    """Refuse a secret that the scheme cannot use, at registration rather than at the first delivery.

    Raises:
        ValueError: a sentence that does not hold the secret.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"known schemes are {', '.join(sorted(SCHEMES))}")
    SCHEMES[scheme].check_secret(secret)


def check_window(scheme: Scheme, evidence: Evidence, now: datetime, window_seconds: int) -> None:
    """Refuse a signed time further from `now` than the window, in either direction; call it after `authenticate`.

    Raises:
        Refused: `outside_replay_window`, or `bad_headers` for a time that is none.
    """
    text = scheme.timestamp(evidence)
    if text is None:
        return
    age_seconds = now.timestamp() - _unix_seconds(text)
    if abs(age_seconds) > window_seconds:
        where = "old" if age_seconds > 0 else "in the future"
        raise Refused(
            "outside_replay_window", f"signed {abs(age_seconds):.0f} s {where}, the window is {window_seconds} s"
        )


def _unix_seconds(text: str) -> float:
    """Return a signed time in Unix seconds, or as RFC 3339 has it."""
    if text.isascii() and text.isdigit() and len(text) <= len("99999999999"):
        return int(text)
    try:
        return parse_time(text).timestamp()
    except ValueError:
        raise Refused("bad_headers", "the signed time is neither Unix seconds nor RFC 3339") from None
