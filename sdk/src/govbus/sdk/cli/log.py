"""`govbus log`: read the audit log and take proofs away."""

import base64
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from govbus.sdk.cli.output import say, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, Keys, Options, session, trusted
from govbus.sdk.log_reading import LogReader
from govbus.sdk.proof_bundle import ProofBundle, dump_bundle
from govbus.sdk.translog.trust import Trust

app = App(name="log", help="Read the audit log; take proofs away.")
_READERS = ("viewer", "operator", "auditor")
_BYTES = ("leaf_hash", "entry", "attributes_base64", "payload_base64", "commitment_key")
_COLUMNS = ("index", "state", "type", "subject", "time", "id")


@app.command
def entries(
    *,
    subject: str | None = None,
    type_: Annotated[str | None, Parameter(name="--type")] = None,
    source: str | None = None,
    actor: str | None = None,
    correlation: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    options: Options = DEFAULT,
) -> int:
    """List entries, narrowed by what is given; --cursor takes `next` of the page before."""
    wanted = {
        "subject": subject,
        "type": type_,
        "source": source,
        "actor": actor,
        "correlation": correlation,
        "since": since,
        "until": until,
        "limit": str(limit),
        "cursor": cursor,
    }
    with session(options) as opened:
        reader = LogReader(opened.transport, opened.token(*_READERS))
        page = reader.entries({name: value for name, value in wanted.items() if value is not None})
    if options.json:
        say_json(page)
        return OK
    say_table(_COLUMNS, [[item.get(name) for name in _COLUMNS] for item in page.get("items", [])])
    if page.get("next"):
        say(f"more: --cursor {page['next']}")
    return OK


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
    index: int,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    raw: Annotated[bool, Parameter(negative="")] = False,
    entry: Path | None = None,
    key: Keys = (),
    options: Options = DEFAULT,
) -> int:
    """Write the proof of one entry to a file, after verifying it: `govbus verify FILE` needs nothing else.

    Parameters
    ----------
    index
        The entry's place in the log.
    output
        Where to; standard output when absent.
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


@app.command
def follow(*, start: Annotated[int, Parameter(name="--from")] = 0, options: Options = DEFAULT) -> int:
    """Print entries as they are published, from an index on; ends when the log ends the stream."""
    with session(options) as opened:
        for item in LogReader(opened.transport, opened.token(*_READERS)).follow(start):
            if options.json:
                say_json(item)
            else:
                say(" ".join(str(item.get(name, "")) for name in _COLUMNS))
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
