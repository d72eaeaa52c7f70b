"""One rule as written in YAML, with the place of every part of it, so that an error can be found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml
from typing_extensions import override

from govbus.risk.domain.decision import Effect

_KEYS: Final = frozenset({"id", "applies", "require", "otherwise", "message", "remedy", "sources"})
_REQUIRED: Final = ("id", "require", "otherwise", "message")
_EFFECTS: Final[dict[str, Effect]] = {"deny": "deny", "review": "review", "warn": "warn"}
_LONGEST_EXPRESSION: Final = 4096
"""Characters: a longer condition is several rules."""
_ID_ALPHABET: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class BundleRefused(ValueError):
    """A bundle that must not decide anything; `problems` are sentences that begin with file, line and column."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep every problem found."""
        super().__init__("; ".join(problems[:5]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    @override
    def __str__(self) -> str:
        """Return it the way compilers write it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Written:
    """A text, where it begins, and the file's lines it was written on when they are more than one."""

    text: str
    place: Place
    lines: tuple[str, ...] = ()
    folded: bool = False

    def at(self, line: int, column: int) -> Place:
        """Return the place in the file of a line and column (from 1) inside the text.

        A folded text is one line of which every line break in the file became one space.
        """
        number, rest = line - 1, column - 1
        if self.folded:
            while number < len(self.lines) - 1 and rest > len(self.lines[number].strip()):
                rest -= len(self.lines[number].strip()) + 1
                number += 1
        if not self.lines or number >= len(self.lines):
            return Place(self.place.file, self.place.line + line - 1, self.place.column + column - 1)
        written = self.lines[number]
        indent = (
            len(written) - len(written.lstrip()) if self.folded else len(self.lines[0]) - len(self.lines[0].lstrip())
        )
        return Place(self.place.file, self.place.line + number, indent + rest + 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """`when applies holds and require does not, then otherwise`, in words that people can act on."""

    id: str
    applies: Written
    require: Written
    otherwise: Effect
    message: Written
    remedy: str
    sources: tuple[str, ...]
    place: Place

    def canonical(self) -> dict[str, object]:
        """Return what the rule says, without where it is written."""
        return {
            "id": self.id,
            "applies": self.applies.text,
            "require": self.require.text,
            "otherwise": self.otherwise,
            "message": self.message.text,
            "remedy": self.remedy,
            "sources": list(self.sources),
        }


def read_rules(file: str, text: str) -> tuple[Rule, ...]:
    """Return the rules written in a YAML file.

    Raises:
        BundleRefused: not YAML, not a list of rules, an unknown, missing or repeated key.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        place = _place(file, error.problem_mark) if error.problem_mark else Place(file, 1, 1)
        raise BundleRefused((f"{place}: not YAML: {error.problem}",)) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise BundleRefused((f"{file}:1:1: not YAML: {type(error).__name__}",)) from None
    if root is None:
        return ()
    if not isinstance(root, yaml.SequenceNode):
        raise BundleRefused((f"{_place(file, root.start_mark)}: a file of rules is a list",))
    return tuple(_rule(file, node) for node in root.value)


def _rule(file: str, node: yaml.Node) -> Rule:
    parts = _parts(file, node)
    for name in _REQUIRED:
        if name not in parts:
            raise BundleRefused((f"{_place(file, node.start_mark)}: the rule has no {name!r}",))
    otherwise = _written(file, parts["otherwise"])
    if otherwise.text not in _EFFECTS:
        raise BundleRefused((f"{otherwise.place}: otherwise is {otherwise.text!r}, not one of {sorted(_EFFECTS)}",))
    place = _place(file, node.start_mark)
    always = Written("true", place)
    return Rule(
        id=_identifier(_written(file, parts["id"])),
        applies=_expression(_written(file, parts["applies"])) if "applies" in parts else always,
        require=_expression(_written(file, parts["require"])),
        otherwise=_EFFECTS[otherwise.text],
        message=_written(file, parts["message"]),
        remedy=_written(file, parts["remedy"]).text if "remedy" in parts else "",
        sources=_sources(file, parts.get("sources")),
        place=place,
    )


def _parts(file: str, node: yaml.Node) -> Mapping[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise BundleRefused((f"{_place(file, node.start_mark)}: a rule is a mapping",))
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        place = _place(file, key.start_mark)
        if key.value not in _KEYS:
            raise BundleRefused((f"{place}: unknown key {str(key.value)[:60]!r}; known: {', '.join(sorted(_KEYS))}",))
        if key.value in found:
            raise BundleRefused((f"{place}: key {key.value!r} stands twice",))
        found[key.value] = value
    return found


def _written(file: str, node: yaml.Node) -> Written:
    place = _place(file, node.start_mark)
    if not isinstance(node, yaml.ScalarNode) or not isinstance(node.value, str):
        raise BundleRefused((f"{place}: a text is expected here",))
    if node.style in {"|", ">"}:
        lines = _lines(node, first=node.start_mark.line + 1)
        return Written(node.value, Place(file, place.line + 1, 1), lines, folded=node.style == ">")
    if node.end_mark is not None and node.end_mark.line != node.start_mark.line:
        return Written(node.value, place)
    if node.style in {"'", '"'}:
        place = Place(place.file, place.line, place.column + 1)
    return Written(node.value, place)


def _lines(node: yaml.Node, first: int) -> tuple[str, ...]:
    whole = (node.start_mark.buffer or "").rstrip("\0").split("\n") if node.start_mark else []
    return tuple(whole[first : node.end_mark.line]) if node.end_mark else ()


def _identifier(written: Written) -> str:
    if not written.text or len(written.text) > 64 or not set(written.text) <= _ID_ALPHABET:  # noqa: PLR2004
        raise BundleRefused((f"{written.place}: an id is 1 to 64 of a to z, 0 to 9, - and _",))
    return written.text


def _expression(written: Written) -> Written:
    if len(written.text) > _LONGEST_EXPRESSION:
        raise BundleRefused((f"{written.place}: a condition longer than {_LONGEST_EXPRESSION} characters",))
    return written


def _sources(file: str, node: yaml.Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise BundleRefused((f"{_place(file, node.start_mark)}: sources is a list",))
    return tuple(_written(file, item).text for item in node.value)


def _place(file: str, mark: yaml.Mark | None) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
