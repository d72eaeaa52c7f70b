"""The checkout that the guards look at: its source files, parts and services."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PARTS = {
    "contracts": CHECKOUT / "contracts/src/govbus/contracts",
    "eventing": CHECKOUT / "eventing/src/govbus/eventing",
    "sdk": CHECKOUT / "sdk/src/govbus/sdk",
    "local": CHECKOUT / "infra/local/src/govbus/local",
}
SERVICES = {
    folder.name: folder / "src" / "govbus" / folder.name
    for folder in sorted((CHECKOUT / "services").iterdir())
    if (folder / "pyproject.toml").exists()
}


@dataclass(frozen=True)
class Source:
    """One source file, or the text of one that a test plants."""

    path: Path
    text: str

    @property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, str(self.path))

    def at(self, node: ast.AST) -> str:
        """Name a place for the message of a failure."""
        place = self.path.relative_to(CHECKOUT) if self.path.is_relative_to(CHECKOUT) else self.path
        return f"{place}:{getattr(node, 'lineno', 1)}"


def sources_of(*folders: Path) -> Iterator[Source]:
    """Yield every Python file below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield Source(path, path.read_text(encoding="utf-8"))


def product_sources() -> list[Source]:
    """Return every Python file that is shipped, migrations included."""
    migrations = (CHECKOUT / "services" / name / "migrations" for name in SERVICES)
    return list(sources_of(*PARTS.values(), *SERVICES.values(), *migrations))


def sources_of_tests() -> list[Source]:
    """Return every Python file of the tests."""
    return list(sources_of(CHECKOUT / "tests"))


def planted(text: str, path: str = "planted.py") -> Source:
    """Return a file that exists only in a test, to see a guard fail."""
    return Source(Path(path), text)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
