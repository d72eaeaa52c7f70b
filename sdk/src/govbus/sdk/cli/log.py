"""`govbus log`: read the audit log and take proofs away."""

import base64
import re
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from govbus.sdk.cli import log_evidence, log_follow, log_mirror
from govbus.sdk.cli.log_keeping import add_keeping
from govbus.sdk.cli.log_search import add_search
from govbus.sdk.cli.output import say, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, Keys, Options, session, trusted
from govbus.sdk.failures import NotConfigured
from govbus.sdk.proof_bundle import ProofBundle, dump_bundle
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.manifest import MANIFEST
from govbus.sdk.translog.range_export import export_range
from govbus.sdk.translog.trust import Trust

app = App(name="log", help="Read the audit log; take proofs away.")
app.command(log_follow.follow)
app.command(log_mirror.mirror)
app.command(log_mirror.consistency)
app.command(log_evidence.pack)
app.command(log_evidence.kpis)
add_keeping(app)
add_search(app)
_READERS = ("viewer", "operator", "auditor")
_BYTES = ("leaf_hash", "entry", "attributes_base64", "payload_base64", "commitment_key")
_STRETCH = re.compile(r"([0-9]{1,18})\.\.([0-9]{1,18})")


@app.command
def show(index: int, /, *, options: Options = DEFAULT) -> int:
    """Show one entry with its payload, where you may see it."""
    with session(options) as opened:
        found = LogReader(opened.transport, opened.token(*_READERS)).entry(index)
    if options.json:
        say_json(found)
    else:
        say_table(["field", "value"], [(name, shown(value)) for name, value in found.items() if name not in _BYTES])
    return OK


@app.command
def checkpoint(*, key: Keys = (), options: Options = DEFAULT) -> int:
    """Print the newest checkpoint, after its signature was verified with the pinned key."""
    trust = trusted(key)
    with session(options) as opened:
        found = LogReader(opened.transport, opened.token(*_READERS)).opened_checkpoint(trust)
    signed = found.checkpoint
    if options.json:
        root = base64.b64encode(signed.root).decode()
        say_json({"origin": signed.origin, "size": signed.size, "root": root, "checkpoint": str(found.note)})
    else:
        say(str(found.note).rstrip("\n"))
    return OK


@app.command
def proof(
    index: Annotated[int | None, Parameter(validator=Number(gte=0))] = None,
    /,
    *,
    range_: Annotated[str | None, Parameter(name="--range")] = None,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    raw: Annotated[bool, Parameter(negative="")] = False,
    entry: Path | None = None,
    key: Keys = (),
    options: Options = DEFAULT,
) -> int:
    """Write the proof of one entry, or of a stretch, after verifying it: `govbus verify` needs nothing else.

    Parameters
    ----------
    index
        The entry's place in the log.
    range_
        FIRST..LAST instead of one entry: --output is a folder, with entries.ndjson and manifest.json as in an export.
    output
        Where to; standard output when absent, for one entry.
    raw
        Write the C2SP .tlog-proof text alone, for anybody's tools.
    entry
        Write the entry's exact bytes there as well (what --raw is to be verified with).
    key
        The log's vkey to believe, or a file with it.
    """
    trust = trusted(key)
    with session(options) as opened:
        reader = LogReader(opened.transport, opened.token(*_READERS))
        if range_ is not None and index is None:
            return _range(reader, trust, range_, output, options)
        if index is None or range_ is not None:
            raise NotConfigured("say which entry, or --range FIRST..LAST")
        made = _bundle(reader, index, trust)
    content = made.proof.encode() if raw else dump_bundle(made)
    if entry is not None:
        entry.write_bytes(made.entry)
    if output is None:
        say(content.decode().rstrip("\n"))
        return OK
    output.write_bytes(content)
    if options.json:
        say_json({"index": index, "file": str(output), "payload": made.payload is not None})
    else:
        say(f"proof of entry {index} written to {output}: govbus verify {output}")
        if made.payload is None and not raw:
            say("without the payload, which you may not see or which was erased (try --as auditor)")
    return OK


def _range(reader: LogReader, trust: Trust, stretch: str, output: Path | None, options: Options) -> int:
    found = _STRETCH.fullmatch(stretch)
    if found is None or output is None:
        raise NotConfigured("a stretch is written --range FIRST..LAST --output FOLDER")
    made = export_range(reader, trust, int(found[1]), int(found[2]))
    output.mkdir(parents=True, exist_ok=True)
    (output / "entries.ndjson").write_bytes(made.entries)
    (output / MANIFEST).write_bytes(made.manifest.dump())
    if options.json:
        say_json({"first": made.manifest.first, "last": made.manifest.last, "folder": str(output)})
    else:
        say(f"{made.manifest.count} entries written to {output}: govbus verify {output}")
    return OK


def _bundle(reader: LogReader, index: int, trust: Trust) -> ProofBundle:
    size = reader.opened_checkpoint(trust).checkpoint.size
    raw, text, whole = reader.entry_bytes(index, size), reader.proof(index), reader.entry(index)
    trust.prove(raw, text)
    return ProofBundle(
        entry=raw,
        proof=text,
        vkey="\n".join(map(str, trust.keys)),
        payload=_bytes(whole, "payload_base64"),
        attributes=_bytes(whole, "attributes_base64"),
        commitment_key=_bytes(whole, "commitment_key"),
    )


def _bytes(whole: dict[str, Any], name: str) -> bytes | None:
    value = whole.get(name)
    return base64.b64decode(value) if isinstance(value, str) else None
