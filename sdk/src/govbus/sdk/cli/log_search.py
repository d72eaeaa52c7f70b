"""`govbus log entries | export | trace`: what the log holds about something, on the screen, as files, and as a tree."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from govbus.sdk.cli.output import say, say_json, say_table
from govbus.sdk.cli.session import DEFAULT, OK, Keys, Options, session, trusted
from govbus.sdk.log_export import Wish, take_export
from govbus.sdk.translog.log_reading import LogReader

READERS: Final = ("viewer", "operator", "auditor")
COLUMNS: Final = ("index", "state", "type", "subject", "time", "id")
_MILLISECONDS: Final = 1000

Index = Annotated[int | None, Parameter(validator=Number(gte=0))]
Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What entries must be like; all that is given holds."""

    subject: str | None = None
    """One subject, or model/bank/* for all below."""

    type_: Annotated[str | None, Parameter(name="--type")] = None
    """The type; * is any characters."""

    source: str | None = None
    actor: str | None = None
    correlation: str | None = None
    causation: str | None = None
    kind: str | None = None

    text: str | None = None
    """Words, "a phrase", or, -not; found in payloads that are public or internal."""

    since: str | None = None
    """Known to Govbus from this moment on, RFC 3339."""

    until: str | None = None
    """Known to Govbus before this moment."""

    from_: Annotated[Index, Parameter(name="--from")] = None
    """First index."""

    to: Index = None
    """The index behind the last."""

    def parameters(self) -> dict[str, str]:
        """Return what is given, by the names on the wire."""
        return {name.rstrip("_"): str(value) for name, value in asdict(self).items() if value is not None}


EVERYTHING: Final = Narrowed()


def add_search(app: App) -> None:
    """Add these commands to the family `log`."""
    for command in (entries, export, trace):
        app.command(command)


def entries(
    *, narrowed: Narrowed = EVERYTHING, limit: int = 50, cursor: str | None = None, options: Options = DEFAULT
) -> int:
    """List entries, narrowed by what is given; --cursor takes `next` of the page before."""
    page_of = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
    with session(options) as opened:
        page = LogReader(opened.transport, opened.token(*READERS)).entries(narrowed.parameters() | page_of)
    if options.json:
        say_json(page)
        return OK
    say_table(COLUMNS, [[item.get(name) for name in COLUMNS] for item in page.get("items", [])])
    if page.get("next"):
        say(f"more: --cursor {page['next']}")
    return OK


def export(
    *,
    output: Annotated[Path, Parameter(name=("--output", "-o"))],
    format_: Annotated[Literal["ndjson", "csv", "parquet"], Parameter(name="--format")] = "ndjson",
    narrowed: Narrowed = EVERYTHING,
    confidential: Flag = False,
    key: Keys = (),
    options: Options = DEFAULT,
) -> int:
    """Take entries away as a file, with a manifest that proves all of them at once; verified before it is believed.

    Parameters
    ----------
    output
        The folder for entries.<format> and manifest.json: `govbus verify FOLDER` needs nothing else but the key.
    format_
        What to write. In CSV, texts stand as they were said: import them as text, no text is a formula.
    confidential
        With payloads that are not public or internal: for auditors (--as auditor), and put on record.
    key
        The log's vkey to believe, or a file with it.
    """
    trust = trusted(key)
    with session(options) as opened:
        token = opened.token(*(("auditor",) if confidential else READERS))
        wish = Wish(format_, narrowed.parameters(), confidential)
        made = take_export(opened.transport, token, wish, output, trust)
    if options.json:
        found = {"count": made.count, "first": made.first, "last": made.last, "size": made.size}
        say_json({**found, "folder": str(output), "withheld_count": made.withheld_count})
        return OK
    say(f"{made.count} entries in {output}, under the tree of {made.size} entries: govbus verify {output}")
    if made.withheld_count:
        say(f"{made.withheld_count} of them without their payload, which you may not see or which is gone")
    return OK


def trace(event: str, /, *, source: str | None = None, options: Options = DEFAULT) -> int:
    """Show what led to an event and what followed from it, as a tree.

    Parameters
    ----------
    event
        The event's id.
    source
        Whose event it is, where several sources use the id.
    """
    with session(options) as opened:
        found = LogReader(opened.transport, opened.token(*READERS)).trace(event, source)
    if options.json:
        say_json(found)
        return OK
    for line in _drawn(found):
        say(line)
    return OK


def _drawn(found: Mapping[str, Any]) -> Iterator[str]:
    nodes = {node["index"]: node for node in found["nodes"]}
    effects: defaultdict[int, list[tuple[int, Any]]] = defaultdict(list)
    for edge in found["edges"]:
        effects[edge["cause"]].append((edge["effect"], edge))
    named_by = {index: item["id"] for item in found["missing"] for index in item["named_by"]}
    caused = {edge["effect"] for edge in found["edges"]}
    seen: set[int] = set()
    for start in [*(index for index in nodes if index not in caused), *nodes]:
        if start in seen:
            continue
        if start in named_by:
            yield f"(cause {named_by[start]} is not in the log)"
        pending: list[tuple[int, int, Any]] = [(start, 0, None)]
        while pending:
            index, depth, edge = pending.pop()
            yield _line(nodes[index], depth, edge, asked=index in found["asked"], again=index in seen)
            if index not in seen:
                seen.add(index)
                pending += [(effect, depth + 1, below) for effect, below in reversed(effects[index])]
    if found["truncated"]:
        yield "there is more: ask for one of these events"


def _line(node: Mapping[str, Any], depth: int, edge: Mapping[str, Any] | None, *, asked: bool, again: bool) -> str:
    who = node["service"] or node["source"]
    words = [node["id"], node["type"], node["subject"], f"by {who}"]
    if edge is not None:
        words.append(f"after {_span(edge['delay_ms'])}")
    if edge is not None and edge["ambiguous"]:
        words.append("(another event has the cause's id, too)")
    words += [f"[{node['index']}, {node['state']}]", *(["..."] if again else [])]
    return "   " * depth + ("* " if asked else "- ") + "  ".join(words)


def _span(milliseconds: int) -> str:
    return f"{milliseconds} ms" if abs(milliseconds) < _MILLISECONDS else f"{milliseconds / _MILLISECONDS:.1f} s"
