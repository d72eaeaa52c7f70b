"""An intake with the source `demo`, and an environment that knows of no other Govbus."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from people import Issuer
from sdk.desk import IntakeDesk, build_intake, register_demo
from sdk.serving import serving


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No `.govbus` folder and no environment of the machine's own; spools lie in the test's folder."""
    for name in ("GOVBUS_URL", "GOVBUS_TOKEN", "GOVBUS_HOME", "GOVBUS_LOG_VKEY", "GOVBUS_SOURCE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOVBUS_SPOOL", str(tmp_path / "spools"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def intake(
    alone: Path, service_database: Callable[[str], str], issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IntakeDesk]:
    """The real intake on a database of its own; the credential of `//demo/platform` stands in the environment."""
    dsn = service_database("intake")
    with serving(build_intake(dsn, issuer, alone)) as url:
        token = register_demo(url, issuer)
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_SOURCE_TOKEN", token)
        yield IntakeDesk(url, token, dsn, issuer, alone)


@pytest.fixture
def intake_url(intake: IntakeDesk) -> str:
    """The address of `intake`."""
    return intake.url
