"""The manifest of an export: what was asked for, and the hashes that with its rows lead to a signed root."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.paths import Node
from govbus.sdk.failures import NotProved

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_NODE_ITEMS: Final = 3


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the maker of the export claims, verified in shape alone; `first` and `last` frame its rows."""

    origin: str
    filter: Mapping[str, Any]
    first: int | None
    last: int | None
    count: int
    size: int
    checkpoint: str
    nodes: Mapping[Node, bytes]

    def dump(self) -> bytes:
        """Return the file's bytes."""
        nodes = [[level, index, base64_strict.encode(found)] for (level, index), found in self.nodes.items()]
        return strict_json.dump(
            {
                "v": VERSION,
                "origin": self.origin,
                "filter": dict(self.filter),
                "range": {"first": self.first, "last": self.last},
                "count": self.count,
                "size": self.size,
                "checkpoint": self.checkpoint,
                "nodes": nodes,
            }
        )


def read_manifest(raw: bytes, place: str = MANIFEST) -> Manifest:
    """Return the manifest in a file's bytes.

    Raises:
        NotProved: not a manifest.
    """
    try:
        document = strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise NotProved.at(place, error.detail) from None
    try:
        return _manifest(document)
    except (KeyError, TypeError, ValueError) as error:
        raise NotProved.at(place, f"is not the manifest of an export: {error}") from None


def _manifest(document: Any) -> Manifest:
    if not isinstance(document, dict) or document.get("v") != VERSION:
        raise ValueError(f"`v` is not {VERSION}")
    framed = document["range"]
    found = Manifest(
        origin=document["origin"],
        filter=dict(document["filter"]),
        first=framed["first"],
        last=framed["last"],
        count=document["count"],
        size=document["size"],
        checkpoint=document["checkpoint"],
        nodes=dict(map(_node, document["nodes"])),
    )
    if not all(isinstance(value, str) for value in (found.origin, found.checkpoint)):
        raise TypeError("`origin` or `checkpoint` is not text")
    if not all(type(value) is int for value in (found.count, found.size)):
        raise TypeError("`count` or `size` is not a whole number")
    if not all(value is None or type(value) is int for value in (found.first, found.last)):
        raise TypeError("`range` is not of whole numbers")
    if len(found.nodes) != len(document["nodes"]):
        raise ValueError("a node stands twice")
    return found


def _node(item: Any) -> tuple[Node, bytes]:
    if not isinstance(item, list) or len(item) != _NODE_ITEMS or not all(type(value) is int for value in item[:2]):
        raise ValueError("a node is not [level, index, hash]")
    level, index, found = item
    return (level, index), base64_strict.decode_hash(found)
