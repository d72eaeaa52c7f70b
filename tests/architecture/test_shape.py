"""The shape of the code: small files and functions, no drawers, imports at the top, nothing left to do."""

import ast
import re
import statistics
from collections.abc import Callable, Iterator

import pytest

from architecture.checkout import CHECKOUT, Source, functions, planted, product_sources, sources_of_tests

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40
MEDIAN_LINES = 120
DRAWERS = {"utils", "util", "common", "helpers", "helper", "core", "base", "misc", "kit", "tools"}
VAGUE = re.compile(r"(Manager|Helper|Processor|Impl)$")
LEFT_OVER = re.compile(
    "|".join([r"\bTO" + "DO", r"\bFIX" + "ME", r"\bXX" + "X", r"for" + r" now\b", "Not" + "ImplementedError"])
)
MACHINE = re.compile(r"(?<![\w.])/(work|root|home)/\w")

Guard = Callable[[Source], Iterator[str]]


def long_file(source: Source) -> Iterator[str]:
    """Yield a file that has grown beyond one concept."""
    count = source.text.count("\n")
    if count > LINES_OF_A_FILE:
        yield f"{source.path}: {count} lines"


def long_functions(source: Source) -> Iterator[str]:
    """Yield functions of more than forty lines, docstring and inner functions not counted."""
    for node in functions(source.tree):
        inner = sum(
            _span(one) for one in ast.iter_child_nodes(node) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        words = _span(node.body[0]) if ast.get_docstring(node) else 0
        if _span(node) - inner - words > LINES_OF_A_FUNCTION:
            yield f"{source.at(node)}: {node.name} has {_span(node) - inner - words} lines"


def _span(node: ast.AST) -> int:
    return int(getattr(node, "end_lineno", 0)) - int(getattr(node, "lineno", 0)) + 1


def inner_imports(source: Source) -> Iterator[str]:
    """Yield imports inside functions, which hide cycles."""
    for function in functions(source.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{source.at(node)}: import inside {function.name}"


def drawers(source: Source) -> Iterator[str]:
    """Yield files and folders named after no concept, and classes named after none."""
    parts = source.path.relative_to(CHECKOUT).parts if source.path.is_relative_to(CHECKOUT) else source.path.parts
    yield from (f"{source.path}: {part}" for part in parts if part.removesuffix(".py") in DRAWERS)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name):
            yield f"{source.at(node)}: {node.name}"


def left_overs(source: Source) -> Iterator[str]:
    """Yield what says of itself that it is not finished, and paths of somebody's machine."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if LEFT_OVER.search(line) or MACHINE.search(line):
            yield f"{source.path}:{number}: {line.strip()}"


PRODUCT = product_sources()


@pytest.mark.parametrize("guard", [long_file, long_functions, inner_imports, drawers, left_overs])
def test_product_keeps_its_shape(guard: Guard) -> None:
    found = [line for source in PRODUCT for line in guard(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("guard", [long_file, drawers, left_overs])
def test_tests_keep_their_shape(guard: Guard) -> None:
    found = [line for source in sources_of_tests() for line in guard(source)]
    assert not found, "\n".join(found)


def test_most_files_are_small() -> None:
    assert statistics.median(source.text.count("\n") for source in PRODUCT) <= MEDIAN_LINES


@pytest.mark.parametrize(
    ("guard", "source"),
    [
        (long_file, planted("x = 1\n" * 401)),
        (long_functions, planted("def f():\n" + "    x = 1\n" * 41)),
        (inner_imports, planted("def f():\n    from govbus.contracts import topics\n")),
        (inner_imports, planted("class A:\n    async def f(self):\n        import json\n")),
        (drawers, planted("", "govbus/risk/utils.py")),
        (drawers, planted("", "govbus/risk/common/money.py")),
        (drawers, planted("class EventManager: ...")),
        (left_overs, planted("x = 1  # TO" + "DO: later")),
        (left_overs, planted("path = '/ho" + "me/alice/govbus'")),
    ],
)
def test_planted_violation_is_seen(guard: Guard, source: Source) -> None:
    assert list(guard(source)) != []
