"""A real intake for the recipes, and the source that each of them tells its reader to register."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from people import Issuer
from recipes.snippets import run_shell, snippets
from sdk.desk import IntakeDesk, build_intake
from sdk.serving import serving

Register = Callable[[str, str], dict[str, str]]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def intake(service_database: Callable[[str], str], issuer: Issuer, tmp_path: Path) -> Iterator[IntakeDesk]:
    """The real intake on a database of its own; nobody is registered."""
    dsn = service_database("intake")
    with serving(build_intake(dsn, issuer, tmp_path)) as url:
        yield IntakeDesk(url, "", dsn, issuer, tmp_path)


@pytest.fixture
def admin(intake: IntakeDesk) -> dict[str, str]:
    """The environment of an administrator's shell."""
    token = intake.issuer.bearer("ada", "admin")["authorization"].removeprefix("Bearer ")
    return {"GOVBUS_URL": intake.url, "GOVBUS_TOKEN": token}


@pytest.fixture
def register(intake: IntakeDesk, admin: dict[str, str]) -> Register:
    """`register(source, namespace)` follows the README, and returns the environment of the platform."""

    def follow(source: str, namespace: str) -> dict[str, str]:
        named = {"NAME": source.strip("/").replace("/", "-"), "SOURCE": source, "NAMESPACE": namespace}
        done = run_shell(snippets("README.md")["register"], {**admin, **named}, intake.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return {
            "GOVBUS_URL": intake.url,
            "GOVBUS_SOURCE_TOKEN": json.loads(done.stdout)["credential"],
            "GOVBUS_SPOOL": str(intake.folder / "spools"),
        }

    return follow
