"""Verifies an evidence pack offline: the export in it, and the proof of each of its entries."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govbus.sdk.failures import Difference, NotProved
from govbus.sdk.translog.export_check import ExportReport, check_export
from govbus.sdk.translog.export_rows import ExportRow, read_rows
from govbus.sdk.translog.folder_hashing import Tell
from govbus.sdk.translog.manifest import MANIFEST, read_manifest
from govbus.sdk.translog.trust import Trust

ENTRIES: Final = "entries.ndjson"
_PROOFS: Final = "proofs/"
_PROOF_SUFFIX: Final = ".tlog-proof"
_MEMBER_BYTES: Final = 4 * 1024**3
"""No file of a pack unpacks to more: a few kilobytes may otherwise claim any number."""

_PROOF_BYTES: Final = 1_000_000
"""As a note; 63 hashes and a checkpoint are far below."""


@dataclass(frozen=True, slots=True)
class PackReport:
    """What a pack proves; the reports in it repeat what the entries say and prove nothing of their own."""

    export: ExportReport
    proofs_count: int


def check_pack(file: Path, trust: Trust, *, tell: Tell) -> PackReport:
    """Return what a pack proves.

    Raises:
        NotProved: with every difference that was found.
    """
    try:
        with zipfile.ZipFile(file) as pack:
            return _check(pack, trust, tell)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise NotProved.at(file.name, f"is not a whole ZIP file: {error}") from None


def _check(pack: zipfile.ZipFile, trust: Trust, tell: Tell) -> PackReport:
    names = {member.filename: member.file_size for member in pack.infolist()}
    if len(names) != len(pack.infolist()):
        raise NotProved.at("the pack", "holds two files of one name")
    for name in (MANIFEST, ENTRIES):
        if name not in names:
            raise NotProved.at(name, "is missing")
        if names[name] > _MEMBER_BYTES:
            raise NotProved.at(name, f"claims {names[name]} bytes, more than any pack has")
    manifest = read_manifest(pack.read(MANIFEST))
    proofs = {name for name in names if name.startswith(_PROOFS) and name.endswith(_PROOF_SUFFIX)}
    proofs_count = len(proofs)
    found: list[Difference] = []

    def rows() -> Iterator[ExportRow]:
        with pack.open(ENTRIES) as lines:
            for row in read_rows("ndjson", lines, ENTRIES):
                name = f"{_PROOFS}{row.index}{_PROOF_SUFFIX}"
                found.extend(_proof_differences(pack, name, row, trust, present=name in proofs))
                proofs.discard(name)
                yield row

    try:
        report = check_export(rows(), manifest, trust, tell=tell)
    except NotProved as error:
        raise NotProved.of([*found, *error.differences]) from None
    found += [Difference(name, "proves an entry that is not in the pack") for name in sorted(proofs)]
    if found:
        raise NotProved.of(found)
    return PackReport(report, proofs_count)


def _proof_differences(
    pack: zipfile.ZipFile, name: str, row: ExportRow, trust: Trust, *, present: bool
) -> list[Difference]:
    if not present:
        return [Difference(name, f"is missing: there is an entry {row.index}", row.index)]
    with pack.open(name) as opened:
        text = opened.read(_PROOF_BYTES).decode("utf-8", "replace")
    try:
        index = trust.prove(row.entry, text, name).index
    except NotProved as error:
        return [Difference(one.place, one.detail, row.index) for one in error.differences]
    return [] if index == row.index else [Difference(name, f"is the proof of entry {index}", row.index)]
