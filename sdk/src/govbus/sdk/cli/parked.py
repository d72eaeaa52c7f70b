"""`govbus parked`: records that a service could not handle."""

from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import App, Parameter

from govbus.sdk.cli.output import say, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, Options, Session, session
from govbus.sdk.failures import GovbusFailure, NotConfigured

app = App(name="parked", help="Records that a service could not handle: list, show, replay, discard.")
SERVICES = ("intake", "inventory", "risk", "oversight", "notifier")
_COLUMNS = ("service", "id", "topic", "partition", "offset", "key", "reason", "detail", "parked_at")
Service = Annotated[str, Parameter(name=("--service", "-s"))]


@app.command(name="list")
def list_(
    *, service: Annotated[str | None, Parameter(name=("--service", "-s"))] = None, options: Options = DEFAULT
) -> int:
    """List what is parked, of one service or of all."""
    found: list[dict[str, Any]] = []
    with session(options) as opened:
        for name in (service,) if service else SERVICES:
            found += [{"service": name, **item} for item in _pages(opened, name, required=service is not None)]
    if options.json:
        say_json({"items": found})
    elif found:
        say_table(_COLUMNS, [[item.get(name) for name in _COLUMNS] for item in found])
    else:
        say("nothing is parked")
    return OK


@app.command
def show(id_: str, /, *, service: Service, options: Options = DEFAULT) -> int:
    """Show one parked record, without its bytes."""
    with session(options) as opened:
        found = opened.transport.get(f"/v1/ops/{service}/parked/{id_}", opened.token("operator", "admin")).document()
    if options.json:
        say_json(found)
    else:
        say_table(["field", "value"], [(name, shown(value)) for name, value in found.items()])
    return OK


@app.command
def replay(id_: str, /, *, service: Service, options: Options = DEFAULT) -> int:
    """Handle a record again, and those that wait behind it, in order."""
    return _post(service, id_, "replay", options)


@app.command
def discard(id_: str, /, *, service: Service, options: Options = DEFAULT) -> int:
    """Give a record up; this is on record."""
    return _post(service, id_, "discard", options)


def _post(service: str, id_: str, verb: str, options: Options) -> int:
    with session(options) as opened:
        token = opened.token("operator", "admin")
        done = opened.transport.post(f"/v1/ops/{service}/parked/{id_}/{verb}", token, {}).document()
    if options.json:
        say_json(done)
    else:
        say(f"{verb}: " + ", ".join(f"{name} {value}" for name, value in done.items() if value is not None))
    return OK


def _pages(opened: Session, service: str, *, required: bool) -> Iterator[dict[str, Any]]:
    """Yield what is parked; of all services, one that is away is left out and named by `govbus status`."""
    cursor: str | None = None
    while True:
        parameters = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
        try:
            token = opened.token("operator", "admin")
            page = opened.transport.get(f"/v1/ops/{service}/parked", token, parameters=parameters).document()
        except NotConfigured:
            raise
        except GovbusFailure:
            if required:
                raise
            return
        yield from page.get("items", [])
        cursor = page.get("next")
        if not cursor:
            return
