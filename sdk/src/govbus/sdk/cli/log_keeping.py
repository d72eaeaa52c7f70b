"""`govbus log hold | lift | holds | erase | confirm | prune | fsck`: what stays, goes, and is whole."""

import time
from typing import Annotated, Any, Final
from urllib.parse import quote

from cyclopts import App, Parameter

from govbus.sdk.cli.output import say, say_error, say_json, say_table, shown
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Options, session
from govbus.sdk.failures import NotConfigured

_HOLDS: Final = "/v1/holds"
_ERASURES: Final = "/v1/log/erasures"
_OPERATIONS: Final = "/v1/ops/audit_log"
_HOLDERS: Final = ("auditor", "operator", "admin")
_HOLD_COLUMNS: Final = ("id", "state", "reason", "placed_by", "lift_asked_by", "scope")
_POLL_SECONDS: Final = 1.0
_DEADLINE_SECONDS: Final = 3600.0
"""So long is waited for an examination: five million entries take some ten minutes."""

Subject = Annotated[str | None, Parameter(name="--subject")]
Indexes = Annotated[tuple[int, ...], Parameter(name="--index", negative="")]
Stretch = Annotated[tuple[int, int] | None, Parameter(name="--range")]
Flag = Annotated[bool, Parameter(negative="")]


def add_keeping(app: App) -> None:
    """Add these commands to the family `log`."""
    for command in (hold, lift, holds, erase, confirm, prune, fsck):
        app.command(command)


def hold(
    *,
    reason: str,
    subject: Subject = None,
    index: Indexes = (),
    range_: Stretch = None,
    options: Options = DEFAULT,
) -> int:
    """Keep payloads from being erased or pruned: of a subject, of entries by --index, or of a --range FIRST LAST."""
    asked = {"reason": reason, **_one_of(subject=subject, indexes=list(index), range=range_)}
    with session(options) as opened:
        placed = opened.transport.post(_HOLDS, opened.token(*_HOLDERS), asked).document()
    return _answer(options, placed, f"hold {placed['id']} is in force")


def lift(hold_id: str, /, *, reason: str, options: Options = DEFAULT) -> int:
    """Ask for a hold to be lifted, or lift what another person asked to lift."""
    path = f"{_HOLDS}/{quote(hold_id, safe='')}?reason={quote(reason, safe='')}"
    with session(options) as opened:
        after = opened.transport.delete(path, opened.token("auditor", "reviewer")).document()
    waits = "another person must say the same" if after["state"] == "lift_asked" else "it is lifted"
    return _answer(options, after, f"hold {hold_id}: {waits}")


def holds(*, in_force: Flag = False, options: Options = DEFAULT) -> int:
    """List holds; those whose id begins with oversight/ were ordered by events."""
    parameters = {"limit": "500"} | ({"in_force": "true"} if in_force else {})
    with session(options) as opened:
        page = opened.transport.get(_HOLDS, opened.token(*_HOLDERS), parameters=parameters).document()
    if options.json:
        say_json(page)
    else:
        say_table(_HOLD_COLUMNS, [[shown(item.get(name)) for name in _HOLD_COLUMNS] for item in page["items"]])
    return OK


def erase(
    *,
    reason: str,
    subject: Subject = None,
    actor: str | None = None,
    index: Indexes = (),
    range_: Stretch = None,
    options: Options = DEFAULT,
) -> int:
    """Ask for payloads to be erased; nothing happens before another person confirms it."""
    asked = {"reason": reason, **_one_of(subject=subject, actor=actor, indexes=list(index), range=range_)}
    with session(options) as opened:
        request = opened.transport.post(_ERASURES, opened.token("admin"), asked).document()
    published = f", {request['published_count']} of them have left with govbus.audit" * bool(request["published_count"])
    said = f"{request['count']} payloads{published}; another person confirms: govbus log confirm {request['id']}"
    return _answer(options, request, said)


def confirm(request_id: str, /, *, options: Options = DEFAULT) -> int:
    """Erase what another person asked to have erased."""
    with session(options) as opened:
        path = f"{_ERASURES}/{quote(request_id, safe='')}/confirm"
        done = opened.transport.post(path, opened.token("auditor"), {}).document()
    return _answer(options, done, f"{done['state']}: {done['erased_count']} payloads; entry {done['entry']} says so")


def prune(*, dry_run: Flag = False, options: Options = DEFAULT) -> int:
    """Take away what the retention policy does not keep; --dry-run says what that would be."""
    with session(options) as opened:
        token = opened.token("operator", "admin")
        if dry_run:
            due = opened.transport.get(f"{_OPERATIONS}/prune", token).document()
        else:
            done = opened.transport.post(f"{_OPERATIONS}/prune", token, {}).document()
            return _answer(options, done, f"{done['pruned_count']} payloads pruned")
    if options.json:
        say_json(due)
    elif due["due"]:
        columns = ("before", "count", "held_count", "types")
        say_table(columns, [[shown(item[name]) for name in columns] for item in due["due"]])
    else:
        say("nothing is due")
    return OK


def fsck(*, last: Flag = False, options: Options = DEFAULT) -> int:
    """Have the whole log examined and say everything that is wrong; --last shows the newest result instead.

    Exit code 1 when something is wrong. Where the service is down: `python -m govbus.audit_log.fsck` on its machine.
    """
    path = f"{_OPERATIONS}/fsck"
    with session(options) as opened:
        token = opened.token("operator", "auditor", "admin")
        found = opened.transport.get(path, token).document()["last"]
        if not last:
            before = found and found["id"]
            opened.transport.post(path, token, {})
            deadline = time.monotonic() + _DEADLINE_SECONDS
            while (found and found["id"]) == before:
                if time.monotonic() > deadline:
                    say_error("govbus: the examination is not over; ask again with --last")
                    return REFUSED
                time.sleep(_POLL_SECONDS)
                found = opened.transport.get(path, token).document()["last"]
    if found is None:
        raise NotConfigured("The log was never examined: leave --last out.")
    return _examined(options, found)


def _examined(options: Options, found: dict[str, Any]) -> int:
    if options.json:
        say_json(found)
    else:
        for fault in found["faults"]:
            say(f"WRONG: {fault}")
        for notice in found["notices"]:
            say(f"note: {notice}")
        say(
            f"{found['size']} entries, {found['checkpoint_count']} checkpoints, guards {found['guards_sha256']}: "
            f"{found['fault_count']} faults, examined {found['finished_at']}"
        )
    return OK if found["sound"] else REFUSED


def _one_of(**given: Any) -> dict[str, Any]:
    wanted = {name: value for name, value in given.items() if value}
    if len(wanted) != 1:
        raise NotConfigured(
            f"Say exactly one of {', '.join(f'--{name}' for name in given)}.".replace("indexes", "index")
        )
    return wanted


def _answer(options: Options, document: dict[str, Any], sentence: str) -> int:
    if options.json:
        say_json(document)
    else:
        say(sentence)
    return OK
