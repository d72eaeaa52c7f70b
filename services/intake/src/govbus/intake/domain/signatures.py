"""Signing with HMAC-SHA256: one row of `SIGNING` per platform, checked over the raw bytes in constant time.

Source: samples/SIGNATURES.md; MLflow 3.17.2 (captured); GitHub "Validating webhook deliveries"; Standard Webhooks 1.0;
PagerDuty v3 "Webhook signatures"; Langfuse "Webhooks"; W&B `webhook_test.sh`; Databricks "Model registry webhooks".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused

_WHSEC: Final = "whsec_"
_CANDIDATES_COUNT: Final = 16
"""Signatures of one header that are looked at: a platform sends two while it rotates its secret."""


def _plain_key(secret: str) -> tuple[bytes, ...]:
    return (secret.encode(),)


def _standard_key(secret: str) -> tuple[bytes, ...]:
    return (base64.b64decode(secret.removeprefix(_WHSEC), validate=True),)


def _either_key(secret: str) -> tuple[bytes, ...]:
    """Return the key as it stands and, where it is base64, decoded: GitLab does not say which of both it uses."""
    try:
        return tuple(dict.fromkeys((*_plain_key(secret), *filter(None, _standard_key(secret)))))
    except (binascii.Error, ValueError):
        return _plain_key(secret)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True, slots=True)
class Signing:
    """One way of signing.

    The signed bytes are delivery id, timestamp and body joined by dots where the scheme has these, else the body
    alone. The signature header holds candidates parted by `separator`, each with one of `prefixes` before the digest;
    one that fits is enough. The timestamp stands in a header of its own or in the signature's, after
    `timestamp_prefix`.
    """

    header: str
    prefixes: tuple[str, ...] = ("",)
    separator: str | None = None
    id_header: str | None = None
    timestamp_header: str | None = None
    timestamp_prefix: str | None = None
    encode: Callable[[bytes], str] = bytes.hex
    keys: Callable[[str], tuple[bytes, ...]] = _plain_key

    reads_body = True

    def check_secret(self, secret: str) -> None:
        """Refuse a secret that cannot be a key.

        Raises:
            ValueError: a sentence that does not hold the secret.
        """
        try:
            keys = self.keys(secret)
        except (binascii.Error, ValueError):
            raise ValueError("the secret of this scheme is base64, after whsec_") from None
        if not all(keys):
            raise ValueError("the secret is empty")

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let a delivery pass that was signed with one of `secrets`.

        Raises:
            Refused: `unsigned` or `bad_signature`.
        """
        signature = evidence.headers.get(self.header, "")
        if not signature:
            raise Refused("unsigned", f"header {self.header} is missing: this source signs its deliveries")
        candidates = [candidate.encode() for candidate in self._parts(signature)]
        signed = self._signed_bytes(evidence)
        digests = [hmac.new(key, signed, hashlib.sha256).digest() for secret in secrets for key in self.keys(secret)]
        expected = [(prefix + self.encode(digest)).encode() for digest in digests for prefix in self.prefixes]
        fits = [hmac.compare_digest(candidate, one) for candidate in candidates for one in expected]
        if not any(fits):
            raise Refused("bad_signature", f"{self.header} does not fit this body and the source's secret")

    def timestamp(self, evidence: Evidence) -> str | None:
        """Return the signed time, None where the scheme signs none."""
        if self.timestamp_prefix is not None:
            parts = self._parts(evidence.headers.get(self.header, ""))
            stated = (part for part in parts if part.startswith(self.timestamp_prefix))
            return next(stated, "").removeprefix(self.timestamp_prefix)
        return evidence.headers.get(self.timestamp_header, "") if self.timestamp_header else None

    def _parts(self, signature: str) -> list[str]:
        parts = signature.split(self.separator) if self.separator else [signature]
        return [part.strip() for part in parts[:_CANDIDATES_COUNT]]

    def _signed_bytes(self, evidence: Evidence) -> bytes:
        stated = []
        if self.id_header is not None:
            stated.append((self.id_header, evidence.headers.get(self.id_header, "")))
        timestamp = self.timestamp(evidence)
        if timestamp is not None:
            stated.append((self.timestamp_header or f"{self.timestamp_prefix} of {self.header}", timestamp))
        for name, value in stated:
            if not value:
                raise Refused("unsigned", f"{name} is missing: it is part of what is signed")
        return b".".join([*(value.encode() for _, value in stated), evidence.body])


_STANDARD: Final = Signing(
    header="webhook-signature",
    prefixes=("v1,",),
    separator=" ",
    id_header="webhook-id",
    timestamp_header="webhook-timestamp",
    encode=_base64,
    keys=_standard_key,
)

SIGNING: Final = MappingProxyType(
    {
        "databricks": Signing("x-databricks-signature"),
        "github": Signing("x-hub-signature-256", prefixes=("sha256=",)),
        "gitlab": Signing(
            header="webhook-signature",
            prefixes=("v1,",),
            separator=" ",
            id_header="webhook-id",
            timestamp_header="webhook-timestamp",
            encode=_base64,
            keys=_either_key,
        ),
        "langfuse": Signing("x-langfuse-signature", prefixes=("v1=",), separator=",", timestamp_prefix="t="),
        "mlflow": Signing(
            header="x-mlflow-signature",
            prefixes=("v1,",),
            id_header="x-mlflow-delivery-id",
            timestamp_header="x-mlflow-timestamp",
            encode=_base64,
        ),
        "openai": _STANDARD,
        "openmetadata": Signing("x-om-signature", prefixes=("sha256=", "")),
        "pagerduty": Signing("x-pagerduty-signature", prefixes=("v1=",), separator=","),
        "standard-webhooks": _STANDARD,
        "wandb": Signing("x-wandb-signature", encode=_base64),
    }
)
