"""What a registration says about how deliveries are authenticated, checked before anything is stored."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from govbus.intake.domain.schemes import MTLS, NONE, SCHEMES, SNS, check_secret
from govbus.intake.domain.sns import TOPIC

_DAY_SECONDS: Final = 24 * 3600
_SECRET_CHARACTERS: Final = 16 * 1024
_CERTIFIED: Final = frozenset({MTLS, SNS})
"""Schemes whose key is public: a certificate, or the name of one."""

Certificate = Annotated[str, Field(min_length=1, max_length=_SECRET_CHARACTERS)]
Secret = Annotated[SecretStr, Field(max_length=_SECRET_CHARACTERS)]


class Signature(BaseModel):
    """How the platform's deliveries are authenticated."""

    model_config = ConfigDict(extra="forbid")

    scheme: str = Field(description=f"one of {', '.join(sorted(SCHEMES))}")
    secret: Secret | None = Field(default=None, description="what it signs with or shows; write-only")
    certificate: Certificate | None = Field(
        default=None,
        description="sns: the signing certificate in PEM; mtls: a certificate's SHA-256, SPIFFE id or DNS name",
    )
    topics: tuple[Annotated[str, Field(max_length=400)], ...] = Field(
        default=(), max_length=50, description="sns: ARNs of the topics that are this platform's"
    )
    confirm: bool = Field(default=False, description="sns: confirm subscriptions to these topics without an operator")

    @property
    def key_text(self) -> str:
        """What is kept, sealed: the secret or the certificate."""
        return self.certificate or (self.secret.get_secret_value() if self.secret else "")

    @classmethod
    def of(cls, scheme: str, new: "NewSecret", topics: tuple[str, ...]) -> "Signature":
        """Return the signature of a registered scheme with another key.

        Raises:
            ValueError: the scheme cannot use it.
        """
        found = cls.model_construct(
            scheme=scheme, secret=new.secret, certificate=new.certificate, topics=topics, confirm=False
        )
        found.check()
        return found

    def check(self) -> None:
        """Refuse what the scheme cannot use.

        Raises:
            ValueError: a sentence that does not hold the secret.
        """
        if self.scheme not in SCHEMES:
            raise ValueError(f"known schemes are {', '.join(sorted(SCHEMES))}")
        if (self.certificate is not None) != (self.scheme in _CERTIFIED) or (self.secret and self.certificate):
            wanted = "certificate, no secret" if self.scheme in _CERTIFIED else "secret, no certificate"
            raise ValueError(f"the scheme {self.scheme} takes a {wanted}")
        check_secret(self.scheme, self.key_text)
        if (self.scheme == SNS) != bool(self.topics) or not all(TOPIC.fullmatch(topic) for topic in self.topics):
            raise ValueError("topics are the ARNs of SNS topics: the scheme sns needs at least one, no other takes any")
        if self.confirm and self.scheme != SNS:
            raise ValueError("only subscriptions of the scheme sns are confirmed")

    @model_validator(mode="after")
    def _usable(self) -> "Signature":
        self.check()
        return self


class NewSecret(BaseModel):
    """Body of `POST /v1/sources/{name}/signature`."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret | None = None
    certificate: Certificate | None = None
    overlap_seconds: int = Field(
        default=_DAY_SECONDS, ge=0, le=30 * _DAY_SECONDS, description="how long the keys of before stay good"
    )


def is_unsigned(signature: Signature | None) -> bool:
    """Return whether anybody could send what is delivered."""
    return signature is not None and signature.scheme == NONE
