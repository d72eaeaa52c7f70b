"""Reads the routes file: receivers and the routing tree, in Alertmanager's words.

`${GOVBUS_NOTIFIER_NAME}` and `${GOVBUS_NOTIFIER_NAME:-default}` in a value stand for environment variables; no other
variable can be named, so that a routes file cannot carry this process's passwords to a receiver.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from govbus.notifier.domain.matching import InvalidMatcher, parse_matcher
from govbus.notifier.domain.routing import Route
from govbus.notifier.receivers import Name, Receiver

_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")
_VARIABLE_PREFIX: Final = "GOVBUS_NOTIFIER_"
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION: Final = re.compile(r"(?:\d+[smhdw])+")
_DEFAULT_REPEAT: Final = timedelta(hours=4)


class RoutesRejected(ValueError):
    """A routes file that cannot be used; the message says where and why."""


def _duration(value: object) -> timedelta:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError("a duration is written like 30s, 15m, 4h or 1d12h")
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdw])", value)))


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _RouteText(_Strict):
    receiver: Name | None = None
    matchers: tuple[str, ...] = ()
    continue_: bool = Field(default=False, alias="continue")
    group_by: tuple[str, ...] | None = None
    repeat_interval: Duration | None = None
    routes: tuple["_RouteText", ...] = ()


class _RoutesText(_Strict):
    route: _RouteText
    receivers: tuple[Receiver, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Routes:
    """What the routes file says."""

    root: Route
    receivers: Mapping[str, Receiver]


def load_routes(path: Path, environment: Mapping[str, str] = os.environ) -> Routes:
    """Return receivers and routing tree.

    Raises:
        RoutesRejected: unreadable, not YAML, unknown keys, a foreign variable, an unknown receiver, a bad matcher.
    """
    try:
        return _routes(_expand(yaml.safe_load(path.read_text(encoding="utf-8")), environment))
    except OSError as error:
        raise RoutesRejected(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise RoutesRejected(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise RoutesRejected(f"{path}: {wrong}") from None
    except (RoutesRejected, InvalidMatcher) as error:
        raise RoutesRejected(f"{path}: {error}") from None


def _routes(document: Any) -> Routes:
    text = _RoutesText.model_validate(document)
    receivers = {receiver.name: receiver for receiver in text.receivers}
    if len(receivers) != len(text.receivers):
        raise RoutesRejected("a receiver name stands twice")
    if text.route.matchers or text.route.continue_:
        raise RoutesRejected("/route: the root takes everything, it has neither matchers nor continue")
    above = Route(path="", receiver=None, repeat_interval=_DEFAULT_REPEAT)
    return Routes(_route(text.route, "route", above, receivers), receivers)


def _route(text: _RouteText, place: str, above: Route, receivers: Mapping[str, Receiver]) -> Route:
    if text.receiver is not None and text.receiver not in receivers:
        raise RoutesRejected(f"{place}: no receiver is called {text.receiver!r}")
    here = Route(
        path=place,
        receiver=text.receiver or above.receiver,
        repeat_interval=above.repeat_interval if text.repeat_interval is None else text.repeat_interval,
        group_by=above.group_by if text.group_by is None else text.group_by,
    )
    return Route(
        path=place,
        receiver=here.receiver,
        repeat_interval=here.repeat_interval,
        group_by=here.group_by,
        matchers=tuple(map(parse_matcher, text.matchers)),
        continues=text.continue_,
        routes=tuple(
            _route(child, f"{place}.routes[{number}]", here, receivers) for number, child in enumerate(text.routes)
        ),
    )


def _expand(value: Any, environment: Mapping[str, str]) -> Any:
    """Put environment variables into strings, after YAML was read: a value cannot become structure."""
    if isinstance(value, dict):
        return {key: _expand(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environment) for item in value]
    return _VARIABLE.sub(lambda found: _variable(found, environment), value) if isinstance(value, str) else value


def _variable(found: re.Match[str], environment: Mapping[str, str]) -> str:
    name, default = found.groups()
    if not name.startswith(_VARIABLE_PREFIX):
        raise RoutesRejected(f"${{{name}}}: only variables that begin with {_VARIABLE_PREFIX} may be named")
    known = environment.get(name) or default
    if known is None:
        raise RoutesRejected(f"the environment variable {name} is not set; write ${{{name}:-}} when it may be absent")
    return known
