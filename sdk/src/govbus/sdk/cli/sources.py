"""`govbus sources`: the platforms that may emit, their credentials, and how they stand."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from govbus.sdk.cli.output import say, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, Options, session
from govbus.sdk.cli.source_credentials import revoke, rotate
from govbus.sdk.cli.source_registration import ADMINS, add, path_of
from govbus.sdk.failures import NotConfigured
from govbus.sdk.provisioning import find_provisioner

app = App(name="sources", help="Platforms that emit: list, show, add, rotate, revoke, remove, set.")
app.command(add)
app.command(rotate)
app.command(revoke)
_COLUMNS = ("name", "source", "namespace", "mapping", "last_seen_at", "accepted", "rejected", "state")
_TABLES = {
    "sequence": ("source", "highest", "contiguous", "missing_count"),
    "gaps": ("source", "first_missing", "last_missing", "missing_count", "noticed_at", "reported_at"),
    "credentials": ("id", "created_at", "expires_at", "revoked_at"),
    "changes": ("at", "by", "change"),
}
Clearable = Literal["mapping", "types", "expected_interval_seconds"]


@app.command(name="list")
def list_(*, limit: int = 100, cursor: str | None = None, options: Options = DEFAULT) -> int:
    """List platforms by name."""
    parameters = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    with session(options) as opened:
        page = opened.transport.get("/v1/sources", opened.token(*ADMINS, "viewer"), parameters=parameters).document()
    if options.json:
        say_json(page)
        return OK
    say_table(_COLUMNS, [_row(item) for item in page.get("items", [])])
    if page.get("next"):
        say(f"more: --cursor {page['next']}")
    return OK


@app.command
def show(name: str, /, *, options: Options = DEFAULT) -> int:
    """Show one platform: what was heard of it, missing numbers, silence, credentials, changes."""
    with session(options) as opened:
        found = opened.transport.get(path_of(name), opened.token(*ADMINS, "viewer")).document()
    if options.json:
        say_json(found)
        return OK
    tables = {title: found.pop(title, []) for title in _TABLES}
    say_table(["field", "value"], [(field, shown(value)) for field, value in found.items() if value is not None])
    for title, columns in _TABLES.items():
        if tables[title]:
            say_table(columns, [[shown(row.get(name)) for name in columns] for row in tables[title]], title=title)
    return OK


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Changed:
    """Settings that may change."""

    type_: Annotated[tuple[str, ...], Parameter(name="--type", negative="")] = ()
    """What it may say, a glob over type names; give it several times, the list replaces the old one."""

    mapping: str | None = None
    """The mapping that reads its deliveries."""

    expected_interval_seconds: int | None = None
    """Longest expected pause between two deliveries; a longer one is reported as `source.silent`."""

    replay_window_seconds: int | None = None
    """How old a signed delivery may be."""

    kafka: bool | None = None
    """Whether it emits on a topic of its own."""

    clear: Annotated[tuple[Clearable, ...], Parameter(negative="")] = ()
    """Take this setting away."""

    def body(self) -> dict[str, Any]:
        """Return the body of `PATCH /v1/sources/{name}`.

        Raises:
            NotConfigured: nothing is to change.
        """
        stated: dict[str, Any] = {
            "types": list(self.type_) or None,
            "mapping": self.mapping,
            "expected_interval_seconds": self.expected_interval_seconds,
            "replay_window_seconds": self.replay_window_seconds,
            "kafka": self.kafka,
        }
        found = {field: value for field, value in stated.items() if value is not None} | dict.fromkeys(self.clear)
        if not found:
            raise NotConfigured("name at least one setting to change, or --clear one")
        return found


_NOTHING: Final = Changed()


@app.command(name="set")
def set_(name: str, /, *, changed: Changed = _NOTHING, options: Options = DEFAULT) -> int:
    """Change settings; what is not named stays, as do name, URI and namespace."""
    body = changed.body()
    with session(options) as opened:
        done = opened.transport.patch(path_of(name), opened.token(*ADMINS), body).document()
    if options.json:
        say_json(done)
    else:
        say(f"{name}: " + ", ".join(f"{field} {shown(done.get(field)) or 'none'}" for field in body))
    return OK


@app.command
def remove(name: str, /, *, options: Options = DEFAULT) -> int:
    """Take a registration back: credentials are revoked, the Kafka user is deleted, topic and facts stay."""
    with session(options) as opened:
        token = opened.token(*ADMINS)
        found = opened.transport.get(path_of(name), token).document()
        if not found.get("removed_at"):
            opened.transport.delete(path_of(name), token)
        provisioner = find_provisioner(opened.endpoints) if found.get("kafka") else None
        if provisioner is not None:
            provisioner.remove(name)
    by_hand = bool(found.get("kafka")) and provisioner is None
    if options.json:
        say_json({"name": name, "removed": True, "kafka_user": "left" if by_hand else "deleted"})
        return OK
    say(f"removed {name}")
    if by_hand:
        say(f"its Kafka user govbus-source-{name} is left: delete it and its rights where your cluster is governed")
    return OK


def _row(item: dict[str, Any]) -> list[Any]:
    counts = item.get("counts", {})
    state = "removed" if item.get("removed_at") else "kafka" if item.get("kafka") else None
    plain = [item.get(name) for name in _COLUMNS[:5]]
    return [*plain, counts.get("accepted"), counts.get("rejected"), state]
