"""The routing tree: which receivers are told of an alert, and how often at most.

Source: Prometheus Alertmanager, "Configuration", `<route>`.
"""

from dataclasses import dataclass
from datetime import timedelta

from govbus.notifier.domain.alert import Labels
from govbus.notifier.domain.matching import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A node of the tree, with what it inherits filled in; it matches when all its matchers hold.

    The first matching child takes an alert; with `continues`, later siblings are asked too. A node none of whose
    children match takes the alert itself; without receiver it is told to nobody.
    """

    path: str
    receiver: str | None
    repeat_interval: timedelta
    group_by: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    continues: bool = False
    routes: tuple["Route", ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """One receiver, chosen by the route at `route_path`."""

    receiver: str
    route_path: str
    repeat_interval: timedelta


def receivers_of(labels: Labels, root: Route) -> tuple[Chosen, ...]:
    """Return who is told, each receiver once (the first route that names it wins); empty when nobody is."""
    chosen: dict[str, Chosen] = {}
    for route in _takers(labels, root):
        if route.receiver is not None:
            chosen.setdefault(route.receiver, Chosen(route.receiver, route.path, route.repeat_interval))
    return tuple(chosen.values())


def _takers(labels: Labels, route: Route) -> tuple[Route, ...]:
    if not all(matcher.holds(labels) for matcher in route.matchers):
        return ()
    taken: tuple[Route, ...] = ()
    for child in route.routes:
        below = _takers(labels, child)
        taken += below
        if below and not child.continues:
            break
    return taken or (route,)
