"""`govbus token`: a person's token from the local issuer."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from govbus.sdk.cli.output import say, say_json
from govbus.sdk.cli.session import DEFAULT, OK, Options
from govbus.sdk.endpoints import find_endpoints
from govbus.sdk.failures import NotConfigured
from govbus.sdk.tokens import read_issuer_key, sign_token

_ROLE: Final = re.compile(r"viewer|operator|owner|auditor|admin|reviewer:[a-z][a-z0-9_-]*")
_LIFE: Final = re.compile(r"(?P<count>[1-9][0-9]{0,6})(?P<unit>[smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def token(
    *,
    role: tuple[str, ...],
    ttl: str = "1h",
    person: str | None = None,
    options: Options = DEFAULT,
) -> int:
    """Print a person's token, signed with the key that `make up` made; for this machine only.

    Parameters
    ----------
    role
        viewer, operator, owner, reviewer:<function>, auditor, admin; may be repeated.
    ttl
        How long it is valid: 30s, 15m, 1h, 7d.
    person
        Who: becomes //govbus/people/<person>; the first role when absent.
    """
    wrong = [one for one in role if not _ROLE.fullmatch(one)]
    life = _LIFE.fullmatch(ttl)
    if wrong or life is None:
        raise NotConfigured(
            f"no such role: {', '.join(wrong)}" if wrong else f"--ttl {ttl!r} is not like 30s, 15m, 1h, 7d"
        )
    span = timedelta(**{_UNITS[life["unit"]]: int(life["count"])})
    now = datetime.now(UTC)
    name = person or role[0].replace(":", "-")
    made = sign_token(read_issuer_key(_home()), name, role, now, span)
    if options.json:
        say_json({"token": made, "roles": list(role), "expires_at": (now + span).isoformat()})
    else:
        say(made)
    return OK


def _home() -> Path:
    if os.environ.get("GOVBUS_HOME"):
        return Path(os.environ["GOVBUS_HOME"])
    home = find_endpoints(os.environ, Path.cwd()).home
    if home is None:
        raise NotConfigured("No .govbus folder here or above: tokens are made where the local stack runs.")
    return home
