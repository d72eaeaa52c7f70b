"""What a person may set for the local stack, all by environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    """Read from `GOVBUS_…`; everything has a default."""

    model_config = SettingsConfigDict(env_prefix="GOVBUS_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".govbus"), description="the data folder; removing it removes everything")
    base_port: int = Field(
        default=8400, ge=1024, le=65000, description="the front door's port; the services have the seven after it"
    )
    ready_timeout_seconds: float = Field(default=180, description="a stack that is not ready by then is given up")
    restart_longest_seconds: float = Field(
        default=30, gt=0, description="pauses before restarts double up to this; crash tests set it lower"
    )
    postgres_url: SecretStr | None = Field(
        default=None, description="an existing PostgreSQL 18; its user may make roles and databases"
    )
    kafka_bootstrap_servers: str = Field(default="", description="an existing Kafka 4")
    kafka_security_protocol: str = Field(default="PLAINTEXT", description="of the existing Kafka")
    kafka_sasl_mechanism: str = Field(default="SCRAM-SHA-256", description="of the existing Kafka")
    kafka_username: str = Field(default="", description="the existing Kafka's administrator")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="the existing Kafka's administrator")

    @property
    def url(self) -> str:
        """The one address."""
        return f"http://127.0.0.1:{self.base_port}"

    @property
    def receiver_webhook_port(self) -> int:
        """Where the receiver on this machine takes webhooks."""
        return self.base_port + 93

    @property
    def receiver_url(self) -> str:
        """The receiver on this machine; `/received` below it shows what arrived."""
        return f"http://127.0.0.1:{self.receiver_webhook_port}"

    @property
    def receiver_mail_port(self) -> int:
        """Where the receiver on this machine takes mails."""
        return self.base_port + 94

    @property
    def issuer_url(self) -> str:
        """The `iss` of persons' tokens."""
        return f"{self.url}/issuer"
