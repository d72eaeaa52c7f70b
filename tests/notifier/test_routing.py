"""Who is told: matchers, the tree, the routes file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govbus.notifier.domain.alert import Alert
from govbus.notifier.domain.matching import InvalidMatcher, parse_matcher
from govbus.notifier.domain.routing import Route, receivers_of
from govbus.notifier.routes_file import RoutesRejected, load_routes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERT = Alert(
    type="incident.opened",
    source="//govbus/oversight",
    subject="incident/4711",
    known_at=NOON,
    about=("model/retail/credit-risk",),
    severity="high",
)
LABELS = ALERT.labels(("critical",))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("type = incident.*", True),
        ("type=incident.opened", True),
        ('type = "incident.opened"', True),
        ("type != incident.*", False),
        ("severity = high|critical", True),
        ("severity = low | medium", False),
        ("about = model/retail/*", True),
        ("subject = model/*", False),
        ("namespace = retail", True),
        ("tier = crit*", True),
        ("reason = *", False),
        ("reason != x", True),
    ],
)
def test_a_matcher_holds_when_a_value_of_its_label_fits_a_glob(text: str, holds: bool) -> None:
    assert parse_matcher(text).holds(LABELS) is holds


@pytest.mark.parametrize("text", ["type", "type =~ a+", "type !~ x", "colour = red", "type = ", "type = a||b", "= x"])
def test_a_matcher_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(InvalidMatcher):
        parse_matcher(text)


def route(receiver: str, *matchers: str, continues: bool = False, routes: tuple[Route, ...] = ()) -> Route:
    return Route(
        path=receiver,
        receiver=receiver,
        repeat_interval=timedelta(hours=1),
        matchers=tuple(map(parse_matcher, matchers)),
        continues=continues,
        routes=routes,
    )


@pytest.mark.parametrize(
    ("children", "told"),
    [
        ((), ["root"]),
        ((route("a", "type = other"),), ["root"]),
        ((route("a", "type = *"), route("b", "type = *")), ["a"]),
        ((route("a", "type = *", continues=True), route("b", "type = *")), ["a", "b"]),
        ((route("a", "type = *", continues=True), route("b", "type = other")), ["a"]),
        ((route("a", "type = *", continues=True), route("a", "type = *")), ["a"]),
        ((route("a", "type = *", routes=(route("deep", "severity = high"),)),), ["deep"]),
        ((route("a", "type = *", routes=(route("deep", "severity = low"),)),), ["a"]),
    ],
)
def test_the_tree_is_walked_as_alertmanager_walks_it(children: tuple[Route, ...], told: list[str]) -> None:
    assert [chosen.receiver for chosen in receivers_of(LABELS, route("root", routes=children))] == told


GOOD = """
receivers: [{name: log, log: {}}, {name: desk, webhook: {url: "${GOVBUS_NOTIFIER_URL:-}"}}]
route: {receiver: log, repeat_interval: 1d12h, routes: [{matchers: ["type = x"], receiver: desk}]}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "routes.yaml"
    file.write_text(text)
    return file


def test_a_child_inherits_the_repeat_interval_and_an_empty_address_is_not_configured(tmp_path: Path) -> None:
    routes = load_routes(write(tmp_path, GOOD), {})
    assert routes.root.routes[0].repeat_interval == timedelta(hours=36)
    assert not routes.receivers["desk"].is_configured
    told = load_routes(write(tmp_path, GOOD), {"GOVBUS_NOTIFIER_URL": "https://desk.example/x"})
    assert told.receivers["desk"].is_configured


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("GOVBUS_NOTIFIER_URL", "GOVBUS_KAFKA_PASSWORD", "only variables that begin with"),
        ("${GOVBUS_NOTIFIER_URL:-}", "${GOVBUS_NOTIFIER_URL}", "is not set"),
        ("${GOVBUS_NOTIFIER_URL:-}", "file:///etc/passwd", "url"),
        ("receiver: desk", "receiver: nobody", "no receiver is called 'nobody'"),
        ("type = x", "type =~ x", "is not `label = glob`"),
        ("1d12h", "soon", "a duration is written"),
        ("name: desk", "name: log", "stands twice"),
        ("log: {}}", "log: {}, webhook: {url: ''}}", "exactly one"),
        ("{receiver: log,", "{receiver: log, wait: 1m,", "wait"),
        ("{receiver: log,", "{receiver: log, matchers: ['type = x'],", "the root takes everything"),
        ("receivers:", "receivers: [", "not YAML"),
    ],
)
def test_a_routes_file_that_cannot_be_meant_is_refused_in_words(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    assert before in GOOD
    with pytest.raises(RoutesRejected, match=r"routes\.yaml") as refused:
        load_routes(write(tmp_path, GOOD.replace(before, after)), {"GOVBUS_KAFKA_PASSWORD": "hunter2"})
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
