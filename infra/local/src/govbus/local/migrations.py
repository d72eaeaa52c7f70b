"""Runs each service's alembic migrations with its owner role."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from govbus.local.refusals import Refused


def migration_folder(checkout: Path, service: str) -> Path | None:
    """Return where a service's migrations lie, or None when it has no tables."""
    folder = checkout / "services" / service / "migrations"
    return folder if (folder / "env.py").exists() else None


def migrate(folder: Path, owner_dsn: str) -> None:
    """Bring the database to the newest revision; `owner_dsn` starts with `postgresql+asyncpg://`.

    Raises:
        Refused: a migration failed, or the database is newer than this checkout.
    """
    config = _config(folder)
    config.set_main_option("sqlalchemy.url", owner_dsn.replace("%", "%%"))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        command.upgrade(config, "head")
    except (SQLAlchemyError, command.util.CommandError) as failed:
        raise Refused(f"The migrations in {folder} failed: {str(failed).splitlines()[0]}") from failed


def newest_revision(folder: Path) -> str:
    """Return the revision that `migrate` would reach."""
    return ScriptDirectory.from_config(_config(folder)).get_current_head() or ""


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
