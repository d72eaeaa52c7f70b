"""Brings all services' tables to their newest form, at once when nothing has changed since the last time."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from govbus.local.databases import ServiceRoles
from govbus.local.refusals import Refused
from govbus.local.secret_files import Passwords, read_json, write_private_json
from govbus.local.servers import PostgresAccess

EVENTING_SCHEMA = Path("eventing") / "src" / "govbus" / "eventing" / "schema.py"
"""Services' first migrations run it, so a change of it counts as one of theirs."""


def migrate_changed(
    access: PostgresAccess, services: tuple[str, ...], passwords: Passwords, checkout: Path, marker: Path
) -> bool:
    """Migrate unless `marker` says that exactly these migrations were applied; return whether anything was run.

    `marker` must lie in the cluster's own folder, so that it goes when the data goes.

    Raises:
        Refused: a migration failed.
    """
    folders = {service: checkout / "services" / service / "migrations" for service in services}
    present = {service: folder for service, folder in folders.items() if (folder / "env.py").exists()}
    digest = _digest([*present.values(), checkout / EVENTING_SCHEMA])
    if (read_json(marker) or {}).get("sha256") == digest:
        return False
    work = []
    for service, folder in present.items():
        roles = ServiceRoles(service)
        work.append([str(folder), access.dsn(roles.owner, passwords.of(roles.owner), roles.database)])
    ended = subprocess.run(
        [sys.executable, "-m", "govbus.local.migrate_services"],
        input=json.dumps(work), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        raise Refused((ended.stderr.strip().splitlines() or ["The migrations failed without a word."])[-1])
    write_private_json(marker, {"sha256": digest})
    return True


def _digest(places: list[Path]) -> str:
    found = hashlib.sha256()
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found.update(str(path.relative_to(place.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
