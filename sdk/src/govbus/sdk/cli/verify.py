"""`govbus verify`: what does the record prove? Believes one key only, which came another way."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from govbus.contracts.translog.proof import HEADER
from govbus.contracts.translog.verification import VerificationFailed, Verified, verify_proof
from govbus.sdk.cli.output import say, say_error, say_json
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Options, needed_key, pinned_key, session
from govbus.sdk.failures import NotConfigured, NotProved
from govbus.sdk.log_check import LogReport, check_log
from govbus.sdk.log_reading import LogReader
from govbus.sdk.proof_bundle import ProofBundle, Proved, read_bundle, verify_bundle

_READERS = ("viewer", "operator", "auditor")


def verify(
    proof: Path | None = None,
    entry: Path | None = None,
    /,
    *,
    bundle: Path | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    index: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    key: str | None = None,
    older: tuple[Path, ...] = (),
    served_proofs: int = 100,
    options: Options = DEFAULT,
) -> int:
    """Verify a proof file offline, one entry, or the whole log; exit code 0 only when everything was proved.

    Parameters
    ----------
    proof
        A bundle that `govbus log proof` wrote, or a .tlog-proof file together with ENTRY. No network is used.
    entry
        The exact bytes of the entry that a .tlog-proof file is about.
    bundle
        The same as PROOF.
    all_
        Read the whole log, rebuild its tree, and check every entry, hash tile, and proof against the signed checkpoint.
    index
        Fetch and verify one entry.
    id_
        Fetch and verify the entry of the event with this id.
    key
        The log's vkey to believe, or a file with it; the local stack's own when absent.
    older
        With --all: checkpoints seen before (files, or folders of them), which the log must contain.
    served_proofs
        With --all: how many of the log's own proof answers to check too; -1 for all.
    """
    file = bundle or proof
    asked = sum((file is not None, all_, index is not None, id_ is not None))
    if asked != 1:
        raise NotConfigured("say what to verify: a PROOF file, --all, --index or --id")
    if file is not None:
        return _file(file, entry, key, options)
    trusted = needed_key(key)
    with session(options) as opened:
        reader = LogReader(opened.transport, opened.token(*_READERS))
        if all_:
            report = check_log(
                reader, trusted, older=_older(older), served_proofs_count=_count(served_proofs), tell=_tell
            )
            return _say_report(report, options)
        place = index if index is not None else _find(reader, str(id_))
        return _say_verified(reader.verify_entry(place, trusted), None, options)


def _file(file: Path, entry: Path | None, key: str | None, options: Options) -> int:
    raw = file.read_bytes()
    if raw.startswith(HEADER.encode()):
        if entry is None:
            raise NotConfigured(
                "a .tlog-proof file says nothing without its entry: govbus verify PROOF ENTRY --key VKEY"
            )
        try:
            found = verify_proof(entry.read_bytes(), raw.decode("utf-8", "replace"), needed_key(key))
        except VerificationFailed as error:
            raise NotProved(f"{error.detail} ({error.reason})") from None
        return _say_verified(found, None, options)
    return _bundle(read_bundle(raw), key, options)


def _bundle(found: ProofBundle, key: str | None, options: Options) -> int:
    trusted = pinned_key(key)
    if trusted is None:
        verify_bundle(found, found.vkey)
        raise NotProved(
            f"the file agrees with itself, but nothing vouches for the key inside it ({found.vkey}): get the log's key "
            "another way and pass it with --key"
        )
    if trusted != found.vkey:
        raise NotProved(f"the key inside the file ({found.vkey}) is not the one trusted here ({trusted})")
    proved = verify_bundle(found, trusted)
    return _say_verified(proved.verified, proved, options)


def _find(reader: LogReader, id_: str) -> int:
    items = reader.entries({"id": id_, "limit": "2"}).get("items")
    found = (
        [item for item in items if isinstance(item, dict) and item.get("id") == id_] if isinstance(items, list) else []
    )
    if len(found) != 1:
        raise NotProved(f"{len(found) or 'no'} entries with the id {id_}; use --index")
    return int(found[0]["index"])


def _older(paths: tuple[Path, ...]) -> list[str]:
    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    return [file.read_text(encoding="utf-8") for file in files]


def _count(served_proofs: int) -> int | None:
    return None if served_proofs < 0 else served_proofs


def _tell(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what}: {done} of {total}" + ("\n" if done == total else ""))


def _say_verified(found: Verified, proved: Proved | None, options: Options) -> int:
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
    if proved is not None and proved.entry is not None:
        say(f"  {proved.entry.type} {proved.entry.subject} at {proved.entry.time}")
        say("  the payload is what the entry commits to" if proved.payload_matches else "  without its payload")
    return OK


def _say_report(report: LogReport, options: Options) -> int:
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
