"""Receivers as the routes file names them: one channel each, addresses but no secrets."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookTarget(_Strict):
    """Standard Webhooks over HTTP; an empty URL is a receiver that is not configured."""

    url: str = Field(pattern=r"^(https?://\S+)?$", max_length=2048)
    allow_private_network: bool = False


class MailTarget(_Strict):
    """SMTP; an empty smarthost or no recipient is a receiver that is not configured."""

    smarthost: str = Field(pattern=r"^([A-Za-z0-9.\-\[\]:]+:\d{1,5})?$")
    sender: str = Field(pattern=r"^[^\s<>,;]+@[^\s<>,;]+$", max_length=320)
    to: str = Field(pattern=r"^([^\s<>,;]+@[^\s<>,;]+( *, *[^\s<>,;]+@[^\s<>,;]+)*)?$", description="comma-separated")
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    allow_private_network: bool = False

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address of `to`."""
        return tuple(part.strip() for part in self.to.split(",") if part.strip())


class LogTarget(_Strict):
    """A line in the service's own log."""


Channel = Literal["webhook", "mail", "log"]


class Receiver(_Strict):
    """One receiver with exactly one channel."""

    name: Name
    webhook: WebhookTarget | None = None
    mail: MailTarget | None = None
    log: LogTarget | None = None

    @model_validator(mode="after")
    def _one_channel(self) -> "Receiver":
        if sum(target is not None for target in (self.webhook, self.mail, self.log)) != 1:
            raise ValueError("a receiver has exactly one of webhook, mail and log")
        return self

    @property
    def channel(self) -> Channel:
        """How it is reached."""
        if self.webhook is not None:
            return "webhook"
        return "mail" if self.mail is not None else "log"

    @property
    def is_configured(self) -> bool:
        """Whether it has an address."""
        if self.webhook is not None:
            return bool(self.webhook.url)
        return self.mail is None or bool(self.mail.smarthost and self.mail.recipients)
