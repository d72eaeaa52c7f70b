"""`govbus incident`: the incident desk."""

from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from govbus.contracts.identity import fresh_id
from govbus.sdk.cli.output import say, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, Options, session

app = App(name="incident", help="Incidents: list, show, report, ack, assign, resolve.")
_COLUMNS = ("id", "state", "severity", "incident_kind", "about", "version", "assignee", "opened_at", "summary")
_DESK = ("operator", "owner")
Severity = Literal["low", "medium", "high", "critical"]


@app.command(name="list")
def list_(
    *,
    state: Literal["open", "acknowledged", "resolved"] | None = None,
    about: str | None = None,
    assignee: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
    options: Options = DEFAULT,
) -> int:
    """List incidents, newest first."""
    wanted = {"state": state, "about": about, "assignee": assignee, "limit": str(limit), "cursor": cursor}
    parameters = {"kind": "incident"} | {name: value for name, value in wanted.items() if value is not None}
    with session(options) as opened:
        page = opened.transport.get("/v1/cases", opened.token(*_DESK, "viewer"), parameters=parameters).document()
    if options.json:
        say_json(page)
        return OK
    say_table(_COLUMNS, [[shown(item.get(name)) for name in _COLUMNS] for item in page.get("items", [])])
    if page.get("next"):
        say(f"more: --cursor {page['next']}")
    return OK


@app.command
def show(id_: str, /, *, options: Options = DEFAULT) -> int:
    """Show one incident with its history."""
    with session(options) as opened:
        found = opened.transport.get(f"/v1/cases/{id_}", opened.token(*_DESK, "viewer")).document()
    if options.json:
        say_json(found)
        return OK
    history = found.pop("history", [])
    say_table(["field", "value"], [(name, shown(value)) for name, value in found.items() if value is not None])
    names = ("at", "by", "action", "note")
    say_table(names, [[line.get(name) for name in names] for line in history])
    return OK


@app.command
def report(
    summary: str,
    /,
    *,
    about: tuple[str, ...],
    severity: Severity,
    version: str | None = None,
    environment: str | None = None,
    near_miss: Annotated[bool, Parameter(negative="")] = False,
    exercise: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULT,
) -> int:
    """Report an incident about governed subjects."""
    stated = {"version": version, "environment": environment}
    body: dict[str, Any] = {"about": list(about), "summary": summary, "severity": severity}
    body |= {"near_miss": near_miss, "exercise": exercise}
    return _act("", body | {name: value for name, value in stated.items() if value is not None}, options)


@app.command
def ack(id_: str, /, *, note: str | None = None, options: Options = DEFAULT) -> int:
    """Take an incident on."""
    return _act(f"/{id_}/acknowledge", {"note": note} if note else {}, options)


@app.command
def assign(id_: str, assignee: str, /, *, options: Options = DEFAULT) -> int:
    """Hand an incident to another person."""
    return _act(f"/{id_}/assign", {"assignee": assignee}, options)


@app.command
def resolve(id_: str, resolution: str, /, *, options: Options = DEFAULT) -> int:
    """Say that an incident is over, and why."""
    return _act(f"/{id_}/resolve", {"resolution": resolution}, options)


def _act(path: str, body: dict[str, Any], options: Options) -> int:
    with session(options) as opened:
        token = opened.token(*_DESK)
        done = opened.transport.post(f"/v1/incidents{path}", token, body, idempotency_key=fresh_id()).document()
    if options.json:
        say_json(done)
    else:
        say(f"{done.get('state')} {done.get('id')} assignee {done.get('assignee') or 'nobody'}")
    return OK
