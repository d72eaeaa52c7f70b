"""Settings of the audit log."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from govbus.eventing.settings import ServiceSettings

_COPY_SCHEMES: Final = frozenset({"file", "s3", "gs", "az", "memory"})


def _copy_url(url: str) -> str:
    """Return a URL that names a place and no secret: it stands in the database, in metrics and in answers."""
    parts = urlsplit(url)
    if parts.scheme not in _COPY_SCHEMES:
        raise ValueError(f"a place for copies begins with one of {', '.join(sorted(_COPY_SCHEMES))}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a place for copies names no user, key or option: they come from the environment")
    return url.rstrip("/") if parts.path.strip("/") else url


CopyUrl = Annotated[str, AfterValidator(_copy_url)]


class Settings(ServiceSettings):
    """`GOVBUS_…` settings; those of the log alone begin with `GOVBUS_AUDIT_LOG_`."""

    batch_count: int = Field(
        default=2000, description="records of one transaction: a waiting backlog waits for the disk less often"
    )
    audit_log_origin: str = Field(
        default="govbus.local/audit",
        description="name of the log in every checkpoint; never changed, as proofs carry it",
    )
    audit_log_key_file: Path | None = Field(
        default=None, description="Ed25519 seed in hex, mode 0600; made when absent. Default: in the data directory"
    )
    audit_log_key: SecretStr | None = Field(
        default=None, description="the same seed in hex, instead of a file, where secrets come as environment"
    )
    audit_log_next_key_file: Path | None = Field(
        default=None, description="a second key: while it is set, every checkpoint carries a signature of each"
    )
    audit_log_next_key: SecretStr | None = Field(default=None, description="the second key's seed, instead of a file")
    audit_log_retired_vkeys: str = Field(
        default="",
        description="vkeys that signed once, with blanks between them: the newest checkpoint may be one of theirs",
    )
    audit_log_copies: tuple[CopyUrl, ...] = Field(
        default=(),
        description="URLs of write-once copies of checkpoints, a JSON list: file:///…, s3://bucket/…, gs://…, az://…; "
        "credentials come from the environment. Default: the data directory; best are other disks and administrators",
    )
    audit_log_checkpoint_interval_seconds: float = Field(
        default=0.2, description="shortest time between two signatures: one signature covers all entries since"
    )
    audit_log_outside_interval_seconds: float = Field(
        default=10, le=60, description="how often the newest checkpoint is copied outside; promised: within 60 s"
    )
    audit_log_copies_after_topic_seconds: float = Field(
        default=20,
        ge=0,
        le=45,
        description="a checkpoint is copied once its entries are on govbus.audit, or when they are not after so long",
    )
    audit_log_witness_policy_file: Path | None = Field(
        default=None,
        description="witnesses to ask and their quorum, in C2SP tlog-policy form; without it none is asked",
    )
    audit_log_witness_interval_seconds: float = Field(
        default=2,
        gt=0,
        description="how often witnesses are asked about a newer checkpoint: each time is a row of each",
    )
    audit_log_witness_timeout_seconds: float = Field(
        default=5, gt=0, description="so long is waited for one witness; the others' cosignatures are kept meanwhile"
    )
    audit_log_witness_allow_private_network: bool = Field(
        default=False, description="whether witnesses may lie on private networks or this machine"
    )
    audit_log_publish_needs_quorum: bool = Field(
        default=False, description="whether an entry is published only when a quorum of witnesses has seen it"
    )
    audit_log_publish_count: int = Field(default=200, description="entries published in one transaction")
    audit_log_compare_topic: bool = Field(
        default=True,
        description="whether the start check reads the newest checkpoint on govbus.audit; off only when that was lost",
    )
    audit_log_words_interval_seconds: float = Field(
        default=0.5, description="how often the index of words looks for new entries; appending does not wait for it"
    )
    audit_log_words_share_ratio: float = Field(
        default=0.25, gt=0, le=1, description="of the time, spent on the index of words while it lags"
    )
    audit_log_streams_count: int = Field(
        default=100, ge=1, description="streams read from one process at once; each asks the database when the log grew"
    )
    audit_log_stream_seconds: float = Field(
        default=3600, gt=0, description="a stream ends after so long, as a person's token does; readers begin another"
    )
    audit_log_stream_heartbeat_seconds: float = Field(
        default=15, gt=0, description="how often a quiet stream sends a comment: nobody between takes it for dead"
    )
    audit_log_stream_stalled_seconds: float = Field(
        default=60, gt=0, description="a reader who takes nothing for so long is left; it goes on from its last event"
    )
    audit_log_exports_count: int = Field(
        default=2, ge=1, description="exports written at once, each by a process of some 100 MiB and a connection"
    )
    audit_log_export_rows_count: int = Field(
        default=1_000_000, ge=1, description="entries of one export; a manifest takes some 300 bytes of memory for each"
    )
    audit_log_export_first_seconds: float = Field(
        default=60, gt=0, description="an export that has not begun after so long is given up"
    )
    audit_log_eraser_postgres_url: SecretStr | None = Field(
        default=None,
        description="the same database for the role that erases and prunes; without it nothing is ever taken away",
    )
    audit_log_erase_interval_seconds: float = Field(
        default=60, gt=0, description="how often erasures on record that are not carried out are tried again"
    )
    audit_log_retention_file: Path | None = Field(
        default=None, description="for how long payloads are kept, by type. Default: `retention.yaml` of the policies"
    )
    audit_log_prune_interval_seconds: float = Field(
        default=86_400, ge=0, description="how often what the retention policy does not keep is pruned; 0 = never"
    )
    audit_log_owner_guard: bool = Field(
        default=True,
        description="whether fsck wants the event triggers that stop the owner; off where no superuser installs them",
    )
    audit_log_fsck_interval_seconds: float = Field(
        default=86_400, ge=0, description="how often the whole log is examined, in a process beside; 0 = never"
    )
    audit_log_policies_directory: Path = Field(
        default=Path("policies"), description="holds frameworks/, what reports answer, and kpis.yaml, the figures"
    )
    audit_log_packs_interval_seconds: float = Field(
        default=1, gt=0, description="how often is looked for evidence packs to make; one is made at a time"
    )
    audit_log_packs_waiting_count: int = Field(
        default=20, ge=1, description="packs that may wait; more are refused for a minute"
    )
    audit_log_pack_seconds: float = Field(
        default=600, gt=0, description="a pack that takes longer is given up: 20,000 entries take half a minute"
    )
    audit_log_pack_memory_bytes: int = Field(
        default=1 << 30, ge=1 << 28, description="address space of the process that makes a pack"
    )
    audit_log_pack_entries_count: int = Field(default=20_000, ge=1, description="most entries of one pack")
    audit_log_pack_subjects_count: int = Field(
        default=200, ge=1, description="most subjects whose entries go into one pack; the report names those left out"
    )
    audit_log_pack_chain_count: int = Field(
        default=1_000,
        ge=1,
        description="longest chain of correlated events that is followed; a platform that correlates everything with "
        "everything says nothing about one subject",
    )
    audit_log_pack_kept_hours: float = Field(
        default=72, gt=0, description="how long a pack can be taken away; it is made again at any time"
    )
    audit_log_kpis_wait_seconds: float = Field(
        default=10, ge=0, le=30, description="longest wait for figures to be folded; then the answer is: ask again"
    )
    audit_log_public: bool = Field(
        default=True, description="whether checkpoints, tiles, proofs and the key are served without a token"
    )

    @property
    def key_file(self) -> Path:
        """Where the signing key lies."""
        return self.audit_log_key_file or self.data_directory / "checkpoint-key"

    @property
    def retention_file(self) -> Path:
        """Where it stands for how long payloads are kept."""
        return self.audit_log_retention_file or self.audit_log_policies_directory / "retention.yaml"

    @property
    def copies(self) -> tuple[str, ...]:
        """Where copies of checkpoints lie."""
        return self.audit_log_copies or (self.data_directory.resolve().as_uri(),)

    @property
    def evidence_directory(self) -> Path:
        """Where evidence packs lie until they are taken away."""
        return self.data_directory / "evidence"

    @property
    def frameworks_directory(self) -> Path:
        """Where frameworks lie."""
        return self.audit_log_policies_directory / "frameworks"

    @property
    def kpis_file(self) -> Path:
        """Where the figures are defined."""
        return self.audit_log_policies_directory / "kpis.yaml"
