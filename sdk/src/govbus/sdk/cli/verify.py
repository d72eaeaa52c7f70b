"""`govbus verify`: what does the record prove? Believes pinned keys only, which came another way."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from govbus.contracts.translog.proof import HEADER
from govbus.sdk.cli.progress import tell
from govbus.sdk.cli.session import DEFAULT, Keys, Options, PolicyFile, pinned_trust, session, trusted
from govbus.sdk.cli.verified import (
    say_export,
    say_folder,
    say_pack,
    say_pair,
    say_report,
    say_verified,
)
from govbus.sdk.failures import NotConfigured, NotProved
from govbus.sdk.log_check import check_log
from govbus.sdk.proof_bundle import ProofBundle, claimed_trust, read_bundle, verify_bundle
from govbus.sdk.translog.checkpoint_pair import open_pair, read_consistency
from govbus.sdk.translog.export_check import check_export
from govbus.sdk.translog.export_rows import FORMATS, read_rows
from govbus.sdk.translog.folder_check import Note, check_folder
from govbus.sdk.translog.log_folder import LogFolder
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.manifest import MANIFEST, read_manifest
from govbus.sdk.translog.pack_check import check_pack
from govbus.sdk.translog.trust import Trust

_READERS = ("viewer", "operator", "auditor")
_NOTE: Final = "\n\n\u2014 ".encode()
"""What every signed note holds, and nothing else here begins with: the empty line before its signatures."""

_ZIP: Final = b"PK"


def verify(
    what: Path | None = None,
    entry: Path | None = None,
    /,
    *,
    bundle: Path | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    index: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    key: Keys = (),
    policy: PolicyFile = None,
    consistency: Path | None = None,
    seen: Annotated[tuple[Path, ...], Parameter(name=("--seen", "--older"), negative="")] = (),
    served_proofs: int = 100,
    workers: Annotated[int, Parameter(validator=Number(gte=1))] = os.cpu_count() or 1,
    options: Options = DEFAULT,
) -> int:
    """Verify proofs, exports, packs and logs offline, or what the log serves; exit code 0 only when all was proved.

    Parameters
    ----------
    what
        What to verify without any network: a bundle of `govbus log proof`, a .tlog-proof file together with ENTRY, an
        export (its folder or manifest.json), an evidence pack (.zip), a folder of `govbus log mirror`, or a checkpoint
        together with another one and --consistency.
    entry
        The exact bytes of the entry that a .tlog-proof file is about, or the other checkpoint.
    bundle
        The same as WHAT.
    all_
        Read the served log, rebuild its tree, and check every entry, hash tile, and proof against the checkpoint.
    index
        Fetch and verify one entry.
    id_
        Fetch and verify the entry of the event with this id.
    key
        The log's vkey to believe, or a file of vkeys; may be given more than once. The local stack's own when absent.
    policy
        A C2SP tlog-policy file: its witnesses must have cosigned, as its quorum says.
    consistency
        The proof between two checkpoints: base64 hashes, one a line, or what /v1/log/consistency answered.
    seen
        With --all or a folder: checkpoints from elsewhere (files, or folders of them), which the log must contain.
    served_proofs
        With --all: how many of the log's own proof answers to check too; -1 for all.
    workers
        With a folder: processes to hash with.
    """
    path = bundle or what
    if sum((path is not None, all_, index is not None, id_ is not None)) != 1:
        raise NotConfigured("say what to verify: a file or folder, --all, --index or --id")
    if path is None:
        return _served(trusted(key, policy), index, id_, seen, served_proofs, options)
    if path.is_dir() and LogFolder.is_one(path):
        trust = trusted(key, policy)
        report = check_folder(LogFolder(path), trust, seen=_notes(seen), workers_count=workers, tell=tell)
        return say_folder(report, options)
    if path.is_dir() or path.name == MANIFEST:
        return _export(path, trusted(key, policy), options)
    with path.open("rb") as file:
        begins = file.read(len(_ZIP))
    if begins == _ZIP:
        return say_pack(check_pack(path, trusted(key, policy), tell=tell), options)
    return _text(path, entry, consistency, (key, policy), options)


def _text(
    path: Path,
    other: Path | None,
    consistency: Path | None,
    pinned: tuple[Sequence[str], Path | None],
    options: Options,
) -> int:
    raw = path.read_bytes()
    if raw.startswith(HEADER.encode()):
        if other is None:
            raise NotConfigured(
                "a .tlog-proof file says nothing without its entry: govbus verify PROOF ENTRY --key VKEY"
            )
        found = trusted(*pinned).prove(other.read_bytes(), raw.decode("utf-8", "replace"), path.name)
        return say_verified(found, None, options)
    if _NOTE in raw and not raw.startswith(b"{"):
        return _pair(path, other, consistency, trusted(*pinned), options)
    return _bundle(read_bundle(raw), pinned_trust(*pinned), options)


def _bundle(found: ProofBundle, trust: Trust | None, options: Options) -> int:
    claimed = claimed_trust(found)
    if trust is None:
        verify_bundle(found, claimed)
        raise NotProved(
            f"the file agrees with itself, but nothing vouches for the key inside it ({found.vkey}): get the log's key "
            "another way and pass it with --key"
        )
    if not set(trust.keys) & set(claimed.keys):
        known = ", ".join(map(str, trust.keys))
        raise NotProved(f"the key inside the file ({found.vkey}) is not the one trusted here ({known})")
    proved = verify_bundle(found, trust)
    return say_verified(proved.verified, proved, options)


def _pair(path: Path, other: Path | None, consistency: Path | None, trust: Trust, options: Options) -> int:
    if other is None or consistency is None:
        raise NotConfigured(
            "one checkpoint says nothing about another: govbus verify OLD NEW --consistency FILE, "
            "or govbus verify FOLDER --seen OLD"
        )
    pair = open_pair(path.read_bytes(), other.read_bytes(), trust, (str(path), str(other)))
    pair.check(read_consistency(consistency.read_bytes(), str(consistency)), str(consistency))
    return say_pair(pair, options)


def _export(path: Path, trust: Trust, options: Options) -> int:
    folder = path if path.is_dir() else path.parent
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    there = [format_ for format_ in FORMATS if (folder / f"entries.{format_}").is_file()]
    if len(there) != 1:
        raise NotConfigured(
            f"{folder} holds {len(there) or 'no'} files of entries ({', '.join(FORMATS)}): one is needed"
        )
    name = f"entries.{there[0]}"
    with (folder / name).open("rb") as file:
        report = check_export(read_rows(there[0], file, name), manifest, trust, tell=tell)
    return say_export(report, options)


def _served(
    trust: Trust, index: int | None, id_: str | None, seen: tuple[Path, ...], served_proofs: int, options: Options
) -> int:
    with session(options) as opened:
        reader = LogReader(opened.transport, opened.token(*_READERS))
        if index is None and id_ is None:
            older = [note.decode("utf-8", "replace") for _, note in _notes(seen)]
            count = None if served_proofs < 0 else served_proofs
            return say_report(check_log(reader, trust, older=older, served_proofs_count=count, tell=tell), options)
        place = index if index is not None else _find(reader, str(id_))
        return say_verified(reader.verify_entry(place, trust), None, options)


def _find(reader: LogReader, id_: str) -> int:
    items = reader.entries({"id": id_, "limit": "2"}).get("items")
    found = (
        [item for item in items if isinstance(item, dict) and item.get("id") == id_] if isinstance(items, list) else []
    )
    if len(found) != 1:
        raise NotProved(f"{len(found) or 'no'} entries with the id {id_}; use --index")
    return int(found[0]["index"])


def _notes(paths: tuple[Path, ...]) -> list[Note]:
    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    return [(str(file), file.read_bytes()) for file in files]
