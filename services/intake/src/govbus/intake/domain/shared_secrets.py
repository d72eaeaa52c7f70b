"""Platforms that show the secret itself instead of signing: compared in constant time, whatever its length.

Source: samples/SIGNATURES.md; RFC 6750 (Bearer); RFC 7617 (Basic); Azure Event Grid "Secure WebHook delivery".
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused


@dataclass(frozen=True, slots=True)
class Showing:
    """One way of showing a secret: in a header, after `word` where it has one, or in a query parameter.

    Where both are named either will do, and what is wrong in one is not mended by the other.
    """

    header: str
    word: str | None = None
    parameter: str | None = None
    is_pair: bool = False

    reads_body = False

    def check_secret(self, secret: str) -> None:
        """Refuse what does not go through a header.

        Raises:
            ValueError: a sentence that does not hold the secret.
        """
        if not secret or not secret.isascii() or not secret.isprintable() or secret != secret.strip():
            raise ValueError("the secret is printable ASCII without spaces around it: it travels in a header")
        if self.is_pair and ":" not in secret:
            raise ValueError("the secret of this scheme is user:password")

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let a delivery pass that shows one of `secrets`.

        Raises:
            Refused: `unsigned` or `bad_signature`.
        """
        shown = self._shown(evidence)
        if not shown:
            raise Refused("unsigned", f"{self._place()} is missing: it holds the secret of this source")
        expected = [self._expected(secret) for secret in secrets]
        if not all([any([_same(one, other) for other in expected]) for one in shown]):  # noqa: C419 - constant time
            raise Refused("bad_signature", f"{self._place()} does not hold the source's secret")

    def timestamp(self, _: Evidence) -> str | None:
        """Return None: nothing is signed, so no time either."""
        return None

    def _shown(self, evidence: Evidence) -> list[str]:
        found = [_after(self.word, evidence.headers.get(self.header, ""))]
        if self.parameter is not None:
            found.append(evidence.query.get(self.parameter, ""))
        return [one for one in found if one]

    def _expected(self, secret: str) -> str:
        return base64.b64encode(secret.encode()).decode("ascii") if self.is_pair else secret

    def _place(self) -> str:
        header = f"header {self.header}" + (f" with {self.word}" if self.word else "")
        return f"{header} or query parameter {self.parameter}" if self.parameter else header


SHOWING: Final = MappingProxyType(
    {
        "basic": Showing("authorization", word="Basic", is_pair=True),
        "bearer": Showing("authorization", word="Bearer"),
        "eventgrid": Showing("authorization", word="Bearer", parameter="code"),
        "gitlab-token": Showing("x-gitlab-token"),
        "huggingface": Showing("x-webhook-secret"),
    }
)


def _after(word: str | None, value: str) -> str:
    """Return what stands after the authentication scheme's name, which has no case; nothing for another scheme."""
    if word is None:
        return value
    found, _, rest = value.partition(" ")
    return rest.strip() if found.lower() == word.lower() else ""


def _same(one: str, other: str) -> bool:
    """Return whether both are equal, in a time that tells neither content nor length."""
    return hmac.compare_digest(hashlib.sha256(one.encode()).digest(), hashlib.sha256(other.encode()).digest())
