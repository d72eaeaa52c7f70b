"""Makes a pack: entries, manifest, proofs, instructions and the report, all under one signed tree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.export import MANIFEST_END, Extent, manifest_head, manifest_node
from govbus.audit_log.domain.made_pack import MadePack
from govbus.audit_log.domain.relation import Related
from govbus.audit_log.domain.report import EntryCounts, PinnedLog, Report, SubjectInReport
from govbus.audit_log.domain.reporting import FrameworkFold
from govbus.audit_log.packing.archive import Archive
from govbus.audit_log.packing.export_rows import export_row, is_disclosed
from govbus.audit_log.packing.reading import pages, proofs, quotable
from govbus.audit_log.packing.task import PackTask
from govbus.audit_log.related import Bounds, Gathering
from govbus.audit_log.rendering.guide import render_guide
from govbus.audit_log.rendering.html import render_html
from govbus.audit_log.rendering.json_document import render_json
from govbus.audit_log.rendering.pdf import render_pdf
from govbus.audit_log.rule_files import EvidenceRules
from govbus.audit_log.store.entries import StoredRecord
from govbus.audit_log.store.pinned import PinnedTree, tree_of
from govbus.audit_log.store.tree import node_hashes
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time, parse_time
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.multiproof import nodes_needed


class TreeGone(Exception):
    """No checkpoint of the size that the pack was asked for."""


@dataclass(slots=True)
class _Seen:
    """What was seen while the entries were written."""

    subjects: Counter[str] = field(default_factory=Counter)
    disclosed: list[int] = field(default_factory=list)
    withheld_count: int = 0
    gone_count: int = 0
    known_at: list[datetime] = field(default_factory=list)

    def note(self, record: StoredRecord, *, confidential: bool) -> None:
        fields = strict_json.parse(record.entry)
        known_at = fields["recordedtime"] or fields["time"]
        if known_at is not None:
            self.known_at.append(parse_time(known_at))
        if fields["subject"] is not None:
            self.subjects[fields["subject"]] += 1
        if record.payload is None:
            self.gone_count += 1
        elif is_disclosed(record, confidential=confidential):
            self.disclosed.append(record.index)
        else:
            self.withheld_count += 1


async def make_pack(connection: AsyncConnection, task: PackTask, rules: EvidenceRules) -> MadePack:
    """Return the pack that now lies at the task's target.

    Raises:
        TooManyEntries: more belongs to the subject than a pack may hold.
        TreeGone: see there.
    """
    tree = await tree_of(connection, task.size)
    if tree is None:
        raise TreeGone
    bounds = Bounds(entries_count=task.entries_count, subjects_count=task.subjects_count, chain_count=task.chain_count)
    gathering = Gathering(task.subject, task.size, confidential=task.confidential, bounds=bounds)
    related = await gathering.gather(connection, rules.links)
    folds = [
        FrameworkFold(framework, rules.digests[name])
        for name, framework in rules.frameworks.items()
        if task.framework in (None, name)
    ]
    with Archive(Path(task.target)) as archive:
        archive.add("VERIFY.md", _guide(task, related))
        seen = await _write_entries(archive, connection, task, related.indexes, folds)
        archive.add("manifest.json", await _manifest(connection, task, tree, related.indexes))
        await _write_proofs(archive, connection, tree, related.indexes)
        _write_report(archive, _report(task, tree, related, seen, folds))
        sha256, bytes_count = archive.finish()
    return MadePack(
        sha256=sha256,
        bytes_count=bytes_count,
        entries_count=len(related.indexes),
        disclosed=tuple(seen.disclosed),
    )


async def _write_entries(
    archive: Archive,
    connection: AsyncConnection,
    task: PackTask,
    indexes: Sequence[int],
    folds: Sequence[FrameworkFold],
) -> _Seen:
    seen = _Seen()
    with archive.open("entries.ndjson") as file:
        async for page in pages(connection, indexes):
            for record in page.records:
                file.write(export_row(record, confidential=task.confidential))
                seen.note(record, confidential=task.confidential)
                entry = quotable(record, page.taken.get(record.index), confidential=task.confidential)
                for fold in folds:
                    fold.add(entry)
    return seen


async def _write_proofs(
    archive: Archive, connection: AsyncConnection, tree: PinnedTree, indexes: Sequence[int]
) -> None:
    """Write the proofs in the order of their names, which is not that of their numbers."""
    by_name = sorted(indexes, key=_proof_name)
    async for proof in proofs(connection, by_name, tree.size, tree.note):
        archive.add(_proof_name(proof.index), str(proof).encode())


async def _manifest(connection: AsyncConnection, task: PackTask, tree: PinnedTree, indexes: Sequence[int]) -> bytes:
    needed = nodes_needed(indexes, tree.size)
    hashes = await node_hashes(connection, needed)
    asked = {"related_to": task.subject} | ({"framework": task.framework} if task.framework else {})
    extent = Extent(len(indexes), indexes[0] if indexes else None, indexes[-1] if indexes else None, 0)
    head = manifest_head(task.origin, asked, extent, tree.size, tree.note)
    return head + b",".join(manifest_node(node, hashes[node]) for node in needed) + MANIFEST_END


def _report(task: PackTask, tree: PinnedTree, related: Related, seen: _Seen, folds: Sequence[FrameworkFold]) -> Report:
    return Report(
        subject=task.subject,
        confidential=task.confidential,
        log=PinnedLog(
            origin=task.origin,
            size=tree.size,
            root=base64_strict.encode(tree.root),
            checkpoint=tree.note,
            signed_at=format_time(tree.signed_at),
        ),
        counts=EntryCounts(
            entries_count=len(related.indexes),
            withheld_count=seen.withheld_count,
            erased_count=seen.gone_count,
            first_known_at=format_time(min(seen.known_at)) if seen.known_at else None,
            last_known_at=format_time(max(seen.known_at)) if seen.known_at else None,
        ),
        subjects=tuple(
            SubjectInReport(subject=name, relation=related.relations[name], entries_count=seen.subjects[name])
            for name in related.subjects
        ),
        not_followed=related.not_followed,
        frameworks=tuple(fold.answered(related.subjects) for fold in folds),
    )


def _guide(task: PackTask, related: Related) -> bytes:
    return render_guide(origin=task.origin, subject=task.subject, size=task.size, entries_count=len(related.indexes))


def _write_report(archive: Archive, report: Report) -> None:
    archive.add("report.html", render_html(report))
    archive.add("report.json", render_json(report))
    archive.add("report.pdf", render_pdf(report))


def _proof_name(index: int) -> str:
    return f"proofs/{index}.tlog-proof"
