"""Brings all services' tables to their newest form, at once when nothing has changed since the last time."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from govbus.local.databases import ServiceRoles
from govbus.local.refusals import Refused
from govbus.local.secret_files import Passwords, read_json, write_private_json
from govbus.local.servers import PostgresAccess
from govbus.local.superuser_steps import AFTER, BEFORE, has_superuser_steps, take_superuser_step

EVENTING_SCHEMA = Path("eventing") / "src" / "govbus" / "eventing" / "schema.py"
"""Services' first migrations run it, so a change of it counts as one of theirs."""


def migrate_changed(
    access: PostgresAccess,
    services: tuple[str, ...],
    passwords: Passwords,
    checkout: Path,
    marker: Path,
    say: Callable[[str], None],
) -> bool:
    """Migrate unless `marker` says that exactly these migrations were applied; return whether anything was run.

    `marker` must lie in the cluster's own folder, so that it goes when the data goes.

    Raises:
        Refused: a migration failed.
    """
    folders = {service: checkout / "services" / service / "migrations" for service in services}
    present = {service: folder for service, folder in folders.items() if (folder / "env.py").exists()}
    guarded = [service for service in present if has_superuser_steps(checkout, service)]
    steps = [checkout / "services" / service / "src" / "govbus" / service / "superuser" for service in guarded]
    digest = _digest([*present.values(), checkout / EVENTING_SCHEMA, *steps])
    if (read_json(marker) or {}).get("sha256") == digest:
        return False
    work = []
    for service, folder in present.items():
        roles = ServiceRoles(service)
        work.append([str(folder), access.dsn(roles.owner, passwords.of(roles.owner), roles.database)])
    for service in guarded:
        _take(access, service, checkout, BEFORE)
    ended = subprocess.run(
        [sys.executable, "-m", "govbus.local.migrate_services"],
        input=json.dumps(work), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        raise Refused((ended.stderr.strip().splitlines() or ["The migrations failed without a word."])[-1])
    for service in guarded:
        if not _take(access, service, checkout, AFTER):
            say(
                f"{service}: GOVBUS_POSTGRES_URL names no superuser, so nothing stops the owner of its tables; "
                "set GOVBUS_AUDIT_LOG_OWNER_GUARD=false, or have a superuser run its superuser/after.sql."
            )
    write_private_json(marker, {"sha256": digest})
    return True


def _take(access: PostgresAccess, service: str, checkout: Path, step: str) -> bool:
    database = ServiceRoles(service).database
    return asyncio.run(take_superuser_step(access.admin_dsn, database, checkout, service, step))


def _digest(places: list[Path]) -> str:
    found = hashlib.sha256()
    for place in places:
        found_in = sorted([*place.rglob("*.py"), *place.rglob("*.sql")]) if place.is_dir() else [place]
        for path in found_in:
            found.update(str(path.relative_to(place.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
