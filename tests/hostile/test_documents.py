"""Whatever a service's OpenAPI document allows or forbids is answered as the document says, and never by a failure."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
import schemathesis
from fastapi import FastAPI, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks
from sqlalchemy.ext.asyncio import create_async_engine

from hostile.furnishing import furnish
from hostile.services import EVERY_ROLE, SERVICES, build
from people import Issuer
from sdk.serving import serving

CASES_COUNT: Final = int(os.environ.get("GOVBUS_HOSTILE_CASES", "5"))
"""Per route, per kind of case; a night's run sets hundreds, and then others each time."""

IS_REPEATABLE: Final = "GOVBUS_HOSTILE_CASES" not in os.environ

NOT_ASKED: Final = {
    "/readyz": "503 is its answer here, where there is no broker",
    "/v1/log/stream": "server-sent events do not end",
    "/v1/notifications/stream": "server-sent events do not end",
}
Case = schemathesis.Case[Any]
CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
NEGATIVE: Final = schemathesis.GenerationMode.NEGATIVE
MODES: Final = (schemathesis.GenerationMode.POSITIVE, NEGATIVE)


@pytest.mark.parametrize("name", SERVICES)
def test_every_route_answers_as_documented_and_never_with_a_failure(
    service_database: Callable[[str], str], tmp_path: Path, issuer: Issuer, name: str
) -> None:
    app = build(name, service_database, tmp_path, issuer)
    furnished = asyncio.run(furnish(name, app, issuer))
    operations = operations_of(app.openapi())
    broken: list[str] = []
    with serving(app) as url:
        for operation in operations:
            headers = furnished.headers.get(operation.path, issuer.bearer("alice", *EVERY_ROLE))
            broken += _broken(operation, furnished.known, partial(_ask, url, headers))
    assert operations
    assert not broken, "\n".join(broken)


def test_a_failure_or_an_undocumented_answer_is_found() -> None:
    app = FastAPI()

    @app.get("/fails")
    async def fails(number: int) -> Response:
        return Response(status_code=500 if number >= 0 else 204)

    engine = create_async_engine("postgresql+asyncpg://nobody@localhost/none")
    app.state.service = SimpleNamespace(engine=engine, close=engine.dispose)
    [operation] = operations_of(app.openapi())
    with serving(app) as url:
        [found, *_] = _broken(operation, {}, partial(_ask, url, {}))
    assert "GET /fails" in found


def operations_of(document: dict[str, Any]) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return what the document offers."""
    found = []
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(result, Ok), f"the document is wrong: {result}"
        found.append(result.ok())
    return [operation for operation in found if operation.path not in NOT_ASKED]


def _ask(url: str, headers: dict[str, str], case: Case) -> None:
    case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)


def _broken(
    operation: APIOperation[Any, Any, Any, Any], known: dict[str, Any], ask: Callable[[Case], None]
) -> list[str]:
    """Ask one route, by any names and by those that are known; return what it should not have answered."""
    named = {parameter.name for parameter in operation.path_parameters}
    fixed = {name: value for name, value in known.items() if name in named}
    found = []
    for mode in MODES:
        for path_parameters in [None, fixed] if fixed else [None]:
            try:
                _run(operation.as_strategy(mode, path_parameters=path_parameters), ask)
            except (Failure, FailureGroup) as failure:
                found.append(f"{operation.label}: {_told(failure)}")
            except Unsatisfiable:
                assert mode is NEGATIVE, f"{operation.label} cannot be asked as documented"
    return found


def _run(cases: SearchStrategy[Case], ask: Callable[[Case], None]) -> None:
    @settings(
        max_examples=CASES_COUNT,
        deadline=None,
        database=None,
        derandomize=IS_REPEATABLE,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def one(case: Case) -> None:
        ask(case)

    one()


def _told(failure: Failure | FailureGroup) -> str:
    return "; ".join(map(str, failure.exceptions)) if isinstance(failure, FailureGroup) else str(failure)
