"""Which holds there must be, folded from the log's entries, and how the table of holds differs from that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from govbus.audit_log.domain.holds import Hold, HoldScope, Release
from govbus.contracts.translog import base64_strict


@dataclass(frozen=True, slots=True)
class HoldState:
    """What a hold covers, and whether it was lifted."""

    scope: HoldScope
    is_lifted: bool


class HoldRecord:
    """The holds that entries placed and lifted, in the order of the log."""

    def __init__(self) -> None:
        """Begin before the first entry."""
        self._holds: dict[str, HoldState] = {}

    def entered(self, said: Mapping[str, Any]) -> None:
        """Take what a `hold` entry says.

        Raises:
            ValueError: it is none.
        """
        try:
            id_, action = str(said["hold"]), said["action"]
            if action == "placed":
                self._holds[id_] = HoldState(_scope(said["scope"]), is_lifted=False)
            elif action == "lifted":
                self._lift(id_)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not what a hold entry says: {error}") from None

    def ordered(self, order: Hold | Release) -> None:
        """Take what an event orders."""
        if isinstance(order, Release):
            for id_ in list(self._holds):
                if id_ == order.hold_id or id_.startswith(f"{order.hold_id}#"):
                    self._lift(id_)
            return
        id_ = f"{order.id}#{order.order_id}" if order.id in self._holds else order.id
        self._holds.setdefault(id_, HoldState(order.scope, is_lifted=False))

    def differences(self, stored: Mapping[str, HoldState], *, without: str | None) -> Iterable[str]:
        """Return in words where the table differs; ids that begin with `without` are left out."""
        for id_ in sorted(self._holds.keys() | stored.keys()):
            if without is not None and id_.startswith(without):
                continue
            stated, found = self._holds.get(id_), stored.get(id_)
            if found is None:
                yield f"hold {id_} was placed by an entry and is not in the table"
            elif stated is None:
                yield f"hold {id_} is in the table, and no entry placed it"
            elif found.is_lifted != stated.is_lifted:
                was = (
                    "in force, and an entry says that it was lifted"
                    if stated.is_lifted
                    else "lifted, and no entry says so"
                )
                yield f"hold {id_} is {was}"
            elif found.scope != stated.scope:
                yield f"hold {id_} covers something else than its entry says"

    def _lift(self, id_: str) -> None:
        if id_ in self._holds:
            self._holds[id_] = HoldState(self._holds[id_].scope, is_lifted=True)


def _scope(said: Mapping[str, Any]) -> HoldScope:
    return HoldScope(
        tuple(said["subjects"]),
        tuple(base64_strict.decode(text) for text in said["identities"]),
        tuple((int(first), int(last)) for first, last in said["ranges"]),
    )
