"""Who may: persons' tokens are verified offline against the issuer's public keys.

Source: RFC 7519, RFC 8725 (algorithm fixed, audience and issuer checked).
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from govbus.contracts.making import Actor
from govbus.eventing.problems import Problem

_log: Final = logging.getLogger(__name__)

ALGORITHMS: Final = ["EdDSA", "Ed25519", "ES256", "RS256", "PS256"]
"""Asymmetric only: a service that verifies cannot issue."""

READERS: Final = ("viewer", "operator", "owner", "reviewer", "auditor", "admin")
"""Every role may read what is public or internal."""

LEEWAY_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who asks: `id` like `//govbus/people/alice`, roles, and the token for calls on their behalf."""

    id: str
    roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """Return whether any of the roles is held; `reviewer` is held by every `reviewer:<function>`."""
        held = self.roles | {role.partition(":")[0] for role in self.roles}
        return not held.isdisjoint(roles)

    @property
    def actor(self) -> Actor:
        """The person as events name them."""
        return Actor(self.id)


class Access:
    """Verifies bearer tokens and checks roles."""

    def __init__(self, jwks_file: Path | None, issuer: str, audience: str) -> None:
        """Trust the keys in `jwks_file`, read again when the file changes (rotation)."""
        self._file = jwks_file
        self._registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        self._keys: tuple[float, KeySet] | None = None

    def verify(self, token: str) -> Principal:
        """Return the person of a token.

        Raises:
            Problem: 401, with what is wrong in words that help the caller and not an attacker.
        """
        try:
            decoded = jwt.decode(token, self._key_set(), algorithms=ALGORITHMS)
            self._registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, OSError) as error:
            _log.info("token refused: %s", type(error).__name__)
            raise unauthenticated("The token is not valid here: expired, of another issuer, or altered.") from None
        roles = decoded.claims.get("roles")
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise unauthenticated("The token names no roles.")
        return Principal(str(decoded.claims["sub"]), frozenset(roles))

    def require(self, *roles: str) -> Callable[[Request], Awaitable[Principal]]:
        """Return a FastAPI dependency: the person who asks, holding one of `roles` (any role when none is named)."""
        wanted = READERS if "viewer" in roles else roles

        async def dependency(request: Request) -> Principal:
            principal = self.verify(bearer_token(request))
            if wanted and not principal.has(*wanted):
                raise Problem(
                    status=403,
                    reason="role_missing",
                    title="Not allowed",
                    detail=f"This needs one of the roles {', '.join(wanted)}; the token has {_listed(principal)}.",
                )
            return principal

        return dependency

    def _key_set(self) -> KeySet:
        if self._file is None:
            raise ValueError("no issuer is configured")
        changed_at = self._file.stat().st_mtime
        if self._keys is None or self._keys[0] != changed_at:
            document = json.loads(self._file.read_text(encoding="utf-8"))
            self._keys = (changed_at, KeySet.import_key_set(document))
        return self._keys[1]


def bearer_token(request: Request) -> str:
    """Return the token of the Authorization header.

    Raises:
        Problem: 401 without one.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("Send `Authorization: Bearer <token>`; `govbus token` makes one locally.")
    return token.strip()


def unauthenticated(detail: str) -> Problem:
    """Return the 401 problem."""
    return Problem(
        status=401,
        reason="unauthenticated",
        title="Who are you?",
        detail=detail,
        headers={"WWW-Authenticate": "Bearer"},
    )


def _listed(principal: Principal) -> str:
    return ", ".join(sorted(principal.roles)) or "none"
