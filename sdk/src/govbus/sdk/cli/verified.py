"""What `govbus verify` says once everything held: one line for people, then what was and was not shown."""

from dataclasses import asdict
from typing import Any

from govbus.contracts.translog.verification import Verified
from govbus.sdk.cli.output import say, say_error, say_json
from govbus.sdk.cli.session import OK, REFUSED, Options
from govbus.sdk.log_check import LogReport
from govbus.sdk.proof_bundle import Proved
from govbus.sdk.translog.checkpoint_pair import Pair
from govbus.sdk.translog.export_check import ExportReport
from govbus.sdk.translog.folder_check import FolderReport
from govbus.sdk.translog.pack_check import PackReport


def say_verified(found: Verified, proved: Proved | None, options: Options) -> int:
    """Say that one entry is in the log."""
    document: dict[str, Any] = {
        "verified": True,
        "origin": found.origin,
        "index": found.index,
        "size": found.size,
        "root": found.root.hex(),
        "witnesses": list(found.witnesses),
    }
    if proved is not None:
        entry = proved.entry
        document |= {"payload_matches": proved.payload_matches, "attributes_match": proved.attributes_match}
        document |= {"id": entry and entry.id, "type": entry and entry.type, "subject": entry and entry.subject}
    if options.json:
        say_json(document)
        return OK
    say(f"verified: entry {found.index} is in the log {found.origin} of {found.size} entries")
    if found.witnesses:
        say(f"  cosigned by {', '.join(found.witnesses)}")
    if proved is not None and proved.entry is not None:
        say(f"  {proved.entry.type} {proved.entry.subject} at {proved.entry.time}")
        say("  the payload is what the entry commits to" if proved.payload_matches else "  without its payload")
    return OK


def say_report(report: LogReport, options: Options) -> int:
    """Say that a served log holds; an empty one proves nothing."""
    if report.size == 0:
        say_error("the log is empty: nothing is proved by that but its signature")
    if options.json:
        say_json(
            {
                "verified": True,
                "origin": report.origin,
                "size": report.size,
                "root": report.root.hex(),
                "kinds": report.kinds,
                "topics": report.topics,
                "tiles": report.tiles_count,
                "proofs": report.proofs_count,
                "served_proofs": report.served_proofs_count,
                "older_checkpoints": report.older_checkpoints_count,
            }
        )
        return OK if report.size else REFUSED
    say(f"verified: {report.origin}, {report.size} entries, root {report.root.hex()}")
    say(f"  {report.proofs_count} inclusion proofs, {report.served_proofs_count} of the log's own proof answers")
    say(f"  {report.tiles_count} hash tiles, {report.older_checkpoints_count} older checkpoints")
    for kind, count in sorted(report.kinds.items()):
        say(f"  {count} of kind {kind}")
    return OK if report.size else REFUSED


def say_folder(report: FolderReport, options: Options) -> int:
    """Say that a log folder holds."""
    if options.json:
        say_json({"verified": True, **asdict(report), "root": report.root.hex()})
        return OK
    say(f"verified: {report.origin}, {report.size} entries, root {report.root.hex()}")
    say(f"  {report.tiles_count} hash tiles, {report.older_checkpoints_count} other checkpoints")
    if report.beyond_count:
        say(f"  {report.beyond_count} tiles lie beyond the checkpoint: a mirror was interrupted, or rolled back")
    return OK


def say_export(report: ExportReport, options: Options) -> int:
    """Say what an export proves, and what it does not."""
    if options.json:
        say_json({"verified": True, **asdict(report), "root": report.root.hex()})
        return OK
    say(f"verified: {report.count} entries are in the log {report.origin} of {report.size} entries")
    say(f"  {report.payloads_count} payloads are what their entries commit to, {report.withheld_count} are not here")
    if report.complete:
        say(f"  they are all the entries from {report.first} to {report.last}")
    elif report.count:
        say(f"  between {report.first} and {report.last} there are others: that none of those matched is not proved")
    return OK


def say_pack(report: PackReport, options: Options) -> int:
    """Say what an evidence pack proves."""
    if options.json:
        export = {**asdict(report.export), "root": report.export.root.hex()}
        say_json({"verified": True, **export, "proofs_count": report.proofs_count})
        return OK
    say_export(report.export, options)
    say(f"  {report.proofs_count} proofs lead there one by one; the reports in the pack are words about these entries")
    return OK


def say_pair(pair: Pair, options: Options) -> int:
    """Say that one tree continues another."""
    older, newer = pair.older, pair.newer
    if options.json:
        sizes = {"older_size": older.size, "newer_size": newer.size}
        say_json({"verified": True, "origin": newer.origin, **sizes, "root": newer.root.hex()})
        return OK
    say(f"verified: the log {newer.origin} of {newer.size} entries begins with its {older.size} of before, unchanged")
    return OK
