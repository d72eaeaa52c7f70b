"""`govbus log pack` and `govbus log kpis`: what an auditor takes away, and what a board asks for."""

from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from govbus.sdk.cli.output import say, say_error, say_json, say_table
from govbus.sdk.cli.session import DEFAULT, OK, Options, session
from govbus.sdk.evidence import read_kpis, take_pack

_ASKERS: Final = ("auditor", "admin", "owner")
_READERS: Final = ("viewer", "operator", "auditor")
_MINUTE_SECONDS: Final = 60
_DAY_SECONDS: Final = 86_400


def pack(
    subject: str,
    /,
    *,
    output: Annotated[Path, Parameter(name=("--output", "-o"))],
    framework: str | None = None,
    as_of: str | None = None,
    confidential: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULT,
) -> int:
    """Take away the evidence about a subject: entries, proofs, and a report per framework; `govbus verify` checks it.

    Parameters
    ----------
    subject
        What it is about: model/<namespace>/<name>.
    output
        The ZIP file to write.
    framework
        One framework alone: eu-ai-act-annex-iv, nist-ai-rmf, iso-42001.
    as_of
        As it was at this time in the past, RFC 3339.
    confidential
        With payloads that are not public or internal: for auditors, and put on record.
    """
    order: dict[str, Any] = {"subject": subject, "confidential": confidential}
    order |= {name: value for name, value in (("framework", framework), ("as_of", as_of)) if value is not None}
    with session(options) as opened:
        token = opened.token(*_ASKERS)
        made = take_pack(opened.transport, token, order, output, lambda state: say_error(f"the pack is {state}"))
    if options.json:
        say_json({"file": str(output), "id": made.id, "sha256": made.sha256, "size": made.size})
        return OK
    say(f"{made.entries_count} entries about {made.subject} in {output}, under the tree of {made.size} entries")
    if made.confidential:
        say("with payloads that are not open: handle with care")
    say(f"  without any network: govbus verify {output} --key VKEY")
    return OK


def kpis(
    *,
    as_of: str | None = None,
    since: str | None = None,
    framework: str | None = None,
    options: Options = DEFAULT,
) -> int:
    """Show key figures, also of a past date: its answer never changes.

    Parameters
    ----------
    as_of
        As they were at this time in the past, RFC 3339.
    since
        Count only what became known from then on.
    framework
        Only figures for one framework.
    """
    asked = {"as_of": as_of, "since": since, "framework": framework}
    with session(options) as opened:
        narrowed = {name: value for name, value in asked.items() if value is not None}
        found = read_kpis(opened.transport, opened.token(*_READERS), narrowed)
    if options.json:
        say_json(found)
        return OK
    rows = [(kpi["id"], _value(kpi), _detail(kpi), kpi["title"]) for kpi in found["kpis"]]
    say_table(["figure", "value", "detail", "what it is"], rows)
    say(f"as of {found['as_of']}, folded from {found['size']} entries with root {found['root']}")
    return OK


def _value(kpi: dict[str, Any]) -> str:
    match kpi["kind"]:
        case "duration":
            return _span(kpi["p50"])
        case "coverage":
            return "-" if kpi["ratio"] is None else f"{kpi['ratio']:.0%}"
        case _:
            return str(kpi["count"])


def _detail(kpi: dict[str, Any]) -> str:
    match kpi["kind"]:
        case "duration":
            spread = f"p90 {_span(kpi['p90'])}, mean {_span(kpi['mean'])}"
            said = f"median of {kpi['count']}; {spread}; {kpi['open_count']} open"
        case "coverage":
            said = f"{kpi['proved_count']} of {kpi['count']}"
        case _:
            said = ", ".join(f"{label or 'without'}: {count}" for label, count in kpi.get("by", {}).items())
    unread = kpi["unreadable_count"]
    return f"{said}; {unread} not readable".removeprefix("; ") if unread else said


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < _MINUTE_SECONDS:
        return f"{seconds:.3g} s"
    return f"{seconds / _MINUTE_SECONDS:.1f} min" if seconds < _DAY_SECONDS else f"{seconds / _DAY_SECONDS:.1f} d"
