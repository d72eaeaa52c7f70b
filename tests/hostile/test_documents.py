"""Whatever a service's OpenAPI document allows or forbids is answered as the document says, and never by a failure."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from hostile.services import SERVICES, build
from people import Issuer
from sdk.serving import serving

CASES_COUNT: Final = int(os.environ.get("GOVBUS_HOSTILE_CASES", "5"))
"""Per route, per kind of case; a night's run sets hundreds."""

NOT_ASKED: Final = {
    "/readyz": "503 is its answer here, where there is no broker",
    "/v1/log/stream": "server-sent events do not end",
    "/v1/notifications/stream": "server-sent events do not end",
}
ROLES: Final = ("viewer", "operator", "owner", "reviewer:security", "auditor", "admin")
KNOWN: Final[dict[str, dict[str, Any]]] = {
    "intake": {"name": "ci", "source_name": "ci"},
    "inventory": {"namespace": "retail", "name": "credit-risk"},
    "risk": {"kind": "model", "namespace": "retail", "name": "credit-risk"},
    "audit_log": {"path": "0/000", "index": 0},
}
"""Names that lead beyond the first 404."""

CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
NEGATIVE: Final = schemathesis.GenerationMode.NEGATIVE
MODES: Final = (schemathesis.GenerationMode.POSITIVE, NEGATIVE)


@pytest.fixture
def app(
    request: pytest.FixtureRequest, service_database: Callable[[str], str], tmp_path: Path, issuer: Issuer
) -> FastAPI:
    """The service named by the test."""
    return build(request.param, service_database, tmp_path, issuer)


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    """Where it is served, in a thread of its own."""
    with serving(app) as address:
        yield address


def operations_of(app: FastAPI) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return what the document offers."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if operation.path not in NOT_ASKED]


@pytest.mark.parametrize(("app", "name"), [(name, name) for name in SERVICES], indirect=["app"])
def test_every_route_answers_as_documented_and_never_with_a_failure(
    app: FastAPI, url: str, issuer: Issuer, name: str
) -> None:
    headers = issuer.bearer("alice", *ROLES)
    asked: Counter[str] = Counter()
    broken: list[str] = []
    operations = operations_of(app)
    for operation in operations:
        named = {parameter.name for parameter in operation.path_parameters}
        known = {name: value for name, value in KNOWN.get(name, {}).items() if name in named}
        for mode in MODES:
            for fixed in [None, known] if known else [None]:
                cases = operation.as_strategy(mode, path_parameters=fixed)
                try:
                    _ask(
                        cases, lambda case: case.call_and_validate(base_url=url, headers=headers, checks=CHECKS), asked
                    )
                except (Failure, FailureGroup) as failure:
                    broken.append(f"{operation.label}: {failure}")
                except Unsatisfiable:
                    assert mode is NEGATIVE, f"{operation.label} cannot be asked as documented"
    assert not broken, "\n".join(broken)
    assert asked.keys() == {operation.label for operation in operations}


def _ask(
    cases: SearchStrategy[schemathesis.Case], ask: Callable[[schemathesis.Case], object], asked: Counter[str]
) -> None:
    @settings(
        max_examples=CASES_COUNT,
        deadline=None,
        database=None,
        derandomize="GOVBUS_HOSTILE_CASES" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def one(case: schemathesis.Case) -> None:
        asked[case.operation.label] += 1
        ask(case)

    one()
