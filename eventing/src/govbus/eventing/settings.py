"""Settings every service has; units stand in the names, reasons in the descriptions."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from govbus.contracts.limits import BODY_BYTES


class ServiceSettings(BaseSettings):
    """Frozen settings read from `GOVBUS_…` environment variables."""

    model_config = SettingsConfigDict(env_prefix="GOVBUS_", frozen=True, extra="ignore")

    postgres_url: SecretStr = Field(
        description="`postgresql+asyncpg://…` of the service's own database and runtime role"
    )
    postgres_pool_count: int = Field(default=10, description="connections held by one process")
    postgres_pool_timeout_seconds: float = Field(
        default=5, description="waiting longer for a connection is an outage to report, not a queue to hide"
    )

    kafka_bootstrap_servers: str = Field(description="comma-separated host:port")
    kafka_security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-256"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")

    http_host: str = Field(
        default="127.0.0.1", description="loopback: exposing a service is a decision of the deployer"
    )
    http_port: int = 8400
    http_body_bytes: int = Field(
        default=2 * BODY_BYTES, description="no route takes more; intake's own limits are lower and named"
    )
    jwks_file: Path | None = Field(default=None, description="public keys that sign persons' tokens; none = nobody")
    token_issuer: str = Field(default="", description="the only `iss` accepted in a person's token")
    token_audience: str = "govbus"  # noqa: S105 - a name, no secret

    topics_file: Path = Field(
        default=Path("infra/kafka/topics.yaml"), description="the manifest live topics must match"
    )
    data_directory: Path = Field(default=Path(".govbus/data"), description="a folder of this service's own")
    instance: str = Field(default="0", description="static member name: a restart under it is no rebalance")

    batch_count: int = Field(default=500, description="records of one fetch; more makes transactions long")
    batch_timeout_ms: int = Field(default=5, description="FastStream sleeps as long again after an empty poll")
    session_timeout_ms: int = Field(default=6000, description="how long a dead member blocks its partitions")
    retry_initial_seconds: float = 0.1
    retry_max_seconds: float = Field(default=10, description="longest pause of a partition between two tries")
    parked_consecutive_limit_count: int = Field(
        default=100, description="so many parked in a row is a broken handler, not broken records: stop and page"
    )
    progress_poll_seconds: float = Field(default=1, description="how often lag is measured")
    topics_poll_seconds: float = Field(
        default=2, description="how often a service that reads topics of platforms looks for new ones"
    )
    stalled_after_seconds: float = Field(default=30, description="lag without advance for so long is not ready")

    relay_batch_count: int = Field(default=1000, description="outbox rows published and deleted together")
    relay_poll_seconds: float = Field(default=1, description="backstop for a lost notification")
    relay_gather_seconds: float = Field(
        default=0.01, ge=0, description="how long a woken relay waits for more rows: fewer and larger transactions"
    )
    relay_deadline_seconds: float = Field(
        default=8, description="below idle_in_transaction_session_timeout (10 s), so a slow broker costs a resend only"
    )

    inbox_retention_days: int = Field(
        default=400, description="at least the longest retention read plus the longest outbox age"
    )
