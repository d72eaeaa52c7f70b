"""Notifier's settings."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from govbus.eventing.settings import ServiceSettings
from govbus.notifier.domain.retrying import RetrySchedule
from govbus.notifier.routes_file import load_routes
from govbus.notifier.secrets_file import load_secrets


class Settings(ServiceSettings):
    """Environment variables `GOVBUS_…` and `GOVBUS_NOTIFIER_…`."""

    notifier_routes_file: Path = Field(default=Path("infra/notifier/routes.yaml"), description="who is told what")
    notifier_secrets_file: Path | None = Field(
        default=None, description="JSON, receiver → signing secrets or mail account; mode 0600, or the start is refused"
    )
    notifier_secrets: SecretStr = Field(default=SecretStr(""), description="the same JSON, where files are unhandy")
    notifier_public_url: str = Field(default="", description="address of the front door, for links; empty = no links")

    notifier_poll_seconds: float = Field(default=0.25, gt=0, description="how soon after commit a notification leaves")
    notifier_parallel_count: int = Field(default=4, ge=1, description="sends at once per receiver and process")
    notifier_timeout_seconds: float = Field(default=10, gt=0, description="one network step of a send")
    notifier_deadline_seconds: float = Field(default=30, gt=0, description="one send altogether")
    notifier_lease_seconds: float = Field(
        default=90, gt=0, description="when another sender takes over from a dead one; longer than a send"
    )
    notifier_retry_initial_seconds: float = Field(default=2, gt=0, description="first delay; each next one is longer")
    notifier_retry_factor: float = Field(default=3, ge=1)
    notifier_retry_longest_seconds: float = Field(default=14_400, gt=0, description="four hours: seen within a shift")
    notifier_attempts_count: int = Field(default=12, ge=1, description="then it is failed; with defaults after ~13 h")
    notifier_stream_seconds: float = Field(
        default=900, gt=0, description="life of one event stream; the client comes back and shows its token again"
    )

    @property
    def retry(self) -> RetrySchedule:
        """The schedule of retries."""
        return RetrySchedule(
            timedelta(seconds=self.notifier_retry_initial_seconds),
            self.notifier_retry_factor,
            timedelta(seconds=self.notifier_retry_longest_seconds),
            self.notifier_attempts_count,
        )

    @model_validator(mode="after")
    def _files_are_valid(self) -> "Settings":
        """Refuse the start with a sentence when routes or secrets cannot be used."""
        routes = load_routes(self.notifier_routes_file)
        load_secrets(self.notifier_secrets_file, self.notifier_secrets.get_secret_value(), routes.receivers)
        if self.notifier_lease_seconds <= self.notifier_deadline_seconds:
            raise ValueError("notifier_lease_seconds must exceed notifier_deadline_seconds, or sends overlap")
        return self
