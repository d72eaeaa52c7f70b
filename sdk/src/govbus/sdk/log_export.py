"""Taking an export away: the rows and the manifest that proves them, pinned to one checkpoint, verified on arrival."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govbus.sdk.translog.export_check import ExportReport, check_export
from govbus.sdk.translog.export_rows import read_rows
from govbus.sdk.translog.log_reading import PREFIX, LogReader
from govbus.sdk.translog.manifest import MANIFEST, read_manifest
from govbus.sdk.translog.trust import Trust
from govbus.sdk.transport import Transport

EXPORT: Final = f"{PREFIX}/export"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to take away: the format, what it is narrowed to, and whether closed payloads are to go with it."""

    format: str
    narrowed: Mapping[str, str]
    confidential: bool


def take_export(transport: Transport, token: str, wish: Wish, folder: Path, trust: Trust) -> ExportReport:
    """Return what `entries.<format>` and `manifest.json`, now in `folder`, prove.

    Both files are replaced only by whole ones.

    Raises:
        Refused: the log does not give it.
        NotProved: what was given is not what the log signed.
    """
    size = LogReader(transport, token).opened_checkpoint(trust).checkpoint.size
    pinned = {"size": str(size), **wish.narrowed} | ({"confidential": "true"} if wish.confidential else {})
    asked = {"format": wish.format, **pinned}
    folder.mkdir(parents=True, exist_ok=True)
    rows, manifest = folder / f"entries.{wish.format}", folder / MANIFEST
    with _whole(rows) as draft:
        _fetch(transport, token, EXPORT, asked, draft)
    with _whole(manifest) as draft:
        _fetch(transport, token, f"{EXPORT}/manifest", pinned, draft)
    with rows.open("rb") as file:
        found = read_manifest(manifest.read_bytes())
        return check_export(read_rows(wish.format, file, rows.name), found, trust, tell=lambda *_: None)


def _fetch(transport: Transport, token: str, path: str, parameters: Mapping[str, str], file: Path) -> None:
    with file.open("wb") as written:
        for part in transport.parts(path, token, parameters):
            written.write(part)


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """Give a file to write that becomes `file` when the block ends well."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
