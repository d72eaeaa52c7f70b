"""`govbus mapping test FILE SAMPLE`: what a mapping makes of a payload, without a running stack.

The command line of the SDK finds this by its entry point, wherever intake is installed beside it.
"""

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from govbus.contracts import types
from govbus.contracts.envelope import format_time
from govbus.intake.domain.acceptance import attribute
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Draft
from govbus.intake.domain.source import Source
from govbus.intake.installed_mappings import DELIVERED, load_mappings

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
_NARROW_COLUMNS: Final = 100
_LEFT_LINES_COUNT: Final = 400
"""Lines of a payload that are shown; the facts are shown whole."""

_EVERY_TYPE: Final = ("*",)


def tried(
    file: str,
    sample: Path,
    /,
    *,
    header: tuple[str, ...] = (),
    subject: str = "",
    version: str = "",
    environment: str = "",
    namespace: str = "my-namespace",
    source: str = "my-source",
    json: bool = False,
) -> int:
    """Show what a mapping makes of a payload: input and facts side by side, or why it is refused.

    Parameters
    ----------
    file
        A mapping file, or the name of a delivered mapping.
    sample
        A payload as the platform sends it; headers saved beside it as NAME.headers.json are read too.
    header
        NAME=VALUE, as often as needed.
    subject
        Governed subject of a report that names none: model/<namespace>/<name>.
    version
        Version of a report that names none.
    environment
        Environment of a report that names none.
    namespace
        Namespace of the source.
    source
        Name of the source.
    json
        Print JSON for scripts.
    """
    try:
        reading = _mapping(file)
        raw = sample.read_bytes()
        headers = {**_beside(sample), **_stated_headers(header)}
        inside = load_mappings(DELIVERED) if any(rule.inner for rule in reading.rules) else {}
        installed = {**inside, reading.name: reading}
    except (MappingInvalid, OSError, ValueError) as error:
        sys.stderr.write(f"govbus: {error}\n")
        return USAGE
    sender = Source(source, f"//{source}", namespace, types=_EVERY_TYPE, mapping=reading.name)
    stated = {"subject": subject, "version": version, "environment": environment}
    given = {name: value for name, value in stated.items() if value}
    input_ = Input("webhook", tuple(headers.items()), raw, given)
    now = datetime.now(UTC)
    units = read_delivery(input_, sender, installed, now)
    results = [_result(unit, sender, now) for unit in units]
    _print(reading, results, raw, as_json=json)
    return REFUSED if any(result["status"] == "rejected" for result in results) else OK


def listed(*, json: bool = False) -> int:
    """List the delivered mappings.

    Parameters
    ----------
    json
        Print JSON for scripts.
    """
    found = load_mappings(DELIVERED)
    if json:
        _say_json([{"name": one.name, "version": one.version, "digest": one.digest} for one in found.values()])
    else:
        sys.stdout.writelines(f"{one.name:24} version {one.version:6} {one.digest[:12]}\n" for one in found.values())
    return OK


def _mapping(file: str) -> Mapping:
    path = Path(file)
    delivered = DELIVERED / f"{file}.yaml"
    chosen = path if path.exists() or not delivered.exists() else delivered
    return read_mapping(chosen.read_bytes(), chosen.name)


def _beside(sample: Path) -> dict[str, str]:
    """Return headers that were saved beside a payload, as an object or as pairs."""
    path = sample.with_suffix(".headers.json")
    if not path.exists():
        return {}
    noted = json.loads(path.read_text("utf-8"))
    found = noted.get("headers", noted) if isinstance(noted, dict) else noted
    pairs: Any = found.items() if isinstance(found, dict) else found
    return {str(name).lower(): str(value) for name, value in pairs}


def _stated_headers(given: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    wrong = next((one for one, (name, sign, _) in zip(given, pairs, strict=True) if not (name and sign)), None)
    if wrong is not None:
        raise ValueError(f"--header {wrong!r}: write NAME=VALUE")
    return {name.lower(): value for name, _, value in pairs}


def _result(unit: Unit, source: Source, now: datetime) -> dict[str, Any]:
    """Return what became of one unit, under the rules for contracts, namespaces and sizes that intake has."""
    try:
        if unit.refused is not None:
            raise unit.refused
        facts = [_fact(draft, source, now) for draft in unit.drafts]
    except Refused as refusal:
        places = [{"pointer": place.pointer, "detail": place.detail} for place in refusal.places]
        return {"status": "rejected", "reason": refusal.reason, "detail": refusal.detail, "errors": places}
    if unit.ignored is not None:
        return {"status": "ignored", "reason": unit.ignored.reason, "rule": unit.ignored.rule}
    return {"status": "accepted", "facts": facts}


def _fact(draft: Draft, source: Source, now: datetime) -> dict[str, Any]:
    event = attribute(draft, source, now).event
    return {
        "type": types.short_name(event.type) or event.type,
        "subject": event.subject,
        "time": format_time(event.time),
        "id": event.id,
        "data": event.json(),
    }


def _print(reading: Mapping, results: Sequence[dict[str, Any]], raw: bytes, *, as_json: bool) -> None:
    if as_json:
        about = {"name": reading.name, "version": reading.version, "digest": reading.digest}
        _say_json({"mapping": about, "results": list(results)})
        return
    sys.stdout.write(f"mapping {reading.name}, version {reading.version}, {reading.decoder.name}\n\n")
    left = _shown_payload(raw)
    right = [line for result in results for line in [*_lines(result), ""]]
    width = shutil.get_terminal_size((2 * _NARROW_COLUMNS, 24)).columns
    if width < _NARROW_COLUMNS:
        sys.stdout.writelines(line + "\n" for line in _folded([*left, "", "gives", "", *right], width))
        return
    half = (width - 3) // 2
    rows = zip_longest(_folded(left, half), _folded(right, half), fillvalue="")
    sys.stdout.writelines(f"{one:{half}} | {other}".rstrip() + "\n" for one, other in rows)


def _shown_payload(raw: bytes) -> list[str]:
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except ValueError:
        text = raw.decode("utf-8", "replace")
    lines = text.splitlines()
    more = [f"… {len(lines) - _LEFT_LINES_COUNT} more lines"] if len(lines) > _LEFT_LINES_COUNT else []
    return lines[:_LEFT_LINES_COUNT] + more


def _lines(result: dict[str, Any]) -> list[str]:
    if result["status"] == "rejected":
        places = [f"  {place['pointer'] or '/'}: {place['detail']}" for place in result["errors"]]
        return [f"refused: {result['reason']}", f"  {result['detail']}", *places]
    if result["status"] == "ignored":
        return [f"ignored: {result['reason']}", f"  by rule {result['rule']!r}"]
    return [line for fact in result["facts"] for line in _fact_lines(fact)]


def _fact_lines(fact: dict[str, Any]) -> list[str]:
    data = json.dumps(fact["data"], indent=2, ensure_ascii=False).splitlines()
    return [fact["type"], f"  subject {fact['subject']}", f"  time    {fact['time']}", *(f"  {line}" for line in data)]


def _folded(lines: Sequence[str], width: int) -> list[str]:
    """Return lines no wider than `width`, without control characters, indented as they were."""
    plain = ("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)
    folded = (textwrap.wrap(line, width, drop_whitespace=False, subsequent_indent="    ") or [""] for line in plain)
    return [part for parts in folded for part in parts]


def _say_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
