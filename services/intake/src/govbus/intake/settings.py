"""Settings of intake, beside those every service has."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyNetwork, SecretStr

from govbus.eventing.settings import ServiceSettings


class Settings(ServiceSettings):
    """Frozen settings of one intake process."""

    batch_count: int = Field(
        default=2000, description="records of one fetch: they are read in parts, one while the one before is written"
    )
    intake_key_file: Path | None = Field(
        default=None,
        description="32 bytes that seal signature secrets and refused input; made when absent, in the data directory "
        "unless stated",
    )
    intake_mappings_directory: Path | None = Field(default=None, description="mapping files; absent: those delivered")
    intake_own_mappings_directory: Path | None = Field(
        default=None, description="one's own mapping files; absent: mappings/ in the data directory"
    )
    intake_kafka_sources: tuple[str, ...] = Field(
        default=("demo",),
        description="platforms whose own topic, govbus.intake.<name>, must be there at the start; others are found in "
        "the register while intake runs",
    )
    intake_events_per_second: float = Field(
        default=20_000, gt=0, description="the most that one source may send to one process; registrations ask for less"
    )
    intake_bodies_bytes: int = Field(
        default=128 * 1024 * 1024, description="bodies held at once by one process; what comes beyond is 503"
    )
    intake_reading_processes_count: int | None = Field(
        default=None,
        ge=0,
        description="processes that read the records of Kafka topics while this one writes; absent: one per processor "
        "but one; 0: this one reads all",
    )
    intake_proxy_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="proxies that end TLS and may speak of a client's certificate, as a JSON list of CIDRs"
    )
    intake_proxy_certificate_header: Literal["x-forwarded-client-cert", "x-ssl-client-cert"] = Field(
        default="x-forwarded-client-cert", description="which of both such a proxy sets: Envoy's or nginx'"
    )
    intake_proxy_secret: SecretStr = Field(
        default=SecretStr(""),
        description="what such a proxy sends as X-Govbus-Proxy-Secret; empty: none is believed",
    )
    intake_gap_settle_seconds: float = Field(
        default=30,
        ge=0,
        description="how long a missing sequence number is waited for before it is reported: records of several "
        "partitions and connections overtake each other",
    )
    intake_trim_seconds: float = Field(
        default=60,
        gt=0,
        description="between one and two of these after it was taken in, what a platform wrote is deleted from its own "
        "topic: long enough for a database that fails over, short enough for what is not sealed there",
    )

    @property
    def own_mappings(self) -> Path:
        """Where one's own mapping files lie."""
        return self.intake_own_mappings_directory or self.data_directory / "mappings"

    @property
    def reading_processes_count(self) -> int:
        """How many processes read beside this one."""
        if self.intake_reading_processes_count is not None:
            return self.intake_reading_processes_count
        return (os.cpu_count() or 1) - 1

    @property
    def key_file(self) -> Path:
        """Where the sealing key lies."""
        return self.intake_key_file or self.data_directory / "sealing.key"
