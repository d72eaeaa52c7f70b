"""The task of one process that writes an export, as it is told on its standard input."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from govbus.audit_log.domain.export import Extent
from govbus.audit_log.domain.search import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """What to write and where to read it; the address of the database holds a secret, so it is no argument."""

    postgres_url: str
    format: str
    wanted: Wanted
    confidential: bool
    stated: dict[str, str]
    origin: str
    extent: Extent
    size: int
    checkpoint: str


_JOBS: Final = TypeAdapter(ExportJob)


def dump_job(job: ExportJob) -> bytes:
    """Return the job as JSON."""
    return _JOBS.dump_json(job)


def read_job(raw: bytes) -> ExportJob:
    """Return the job that `dump_job` wrote."""
    return _JOBS.validate_json(raw)
