"""Domains and contracts decide without a clock, chance, I/O or waiting; import contracts guard their imports."""

import ast
from collections.abc import Iterator

import pytest

from architecture.checkout import SERVICES, Source, planted, sources_of

IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today", "read_text", "write_text", "uuid4", "getenv"}


def violations(source: Source) -> Iterator[str]:
    """Yield what a pure function must not do."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield f"{source.at(node)}: waits"
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                yield f"{source.at(node)}: calls {called}"
        elif isinstance(node, ast.Global):
            yield f"{source.at(node)}: changes a module"
        elif isinstance(node, ast.ClassDef) and _is_mutable_dataclass(node):
            yield f"{source.at(node)}: {node.name} is a dataclass that is not frozen"


def _is_mutable_dataclass(node: ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        if getattr(name, "id", "") == "dataclass":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            return not any(one.arg == "frozen" and getattr(one.value, "value", False) for one in keywords)
    return False


@pytest.mark.parametrize("service", SERVICES)
def test_domain_is_pure(service: str) -> None:
    domain = SERVICES[service] / "domain"
    found = [line for source in sources_of(domain) for line in violations(source)]
    assert not found, "\n".join(found)


def test_every_service_that_decides_has_a_domain() -> None:
    without = {name for name, folder in SERVICES.items() if not (folder / "domain").is_dir()}
    assert without <= {"console"}, "only the console decides nothing: it shows"


@pytest.mark.parametrize(
    "text",
    [
        "async def decide(): ...",
        "def decide():\n    return datetime.now(UTC)",
        "def decide():\n    return open('x').read()",
        "@dataclass\nclass State:\n    number: int",
        "@dataclass(slots=True)\nclass State:\n    number: int",
        "def decide():\n    global state\n    state = 1",
    ],
)
def test_planted_impurity_is_seen(text: str) -> None:
    assert list(violations(planted(text))) != []
