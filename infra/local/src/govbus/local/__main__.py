"""`python -m govbus.local up | down | status | demo | sign-in`: the local stack from a command line.

What cannot be done ends as one sentence and exit status 1.
"""

import errno
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

import cyclopts
import httpx2
from pydantic import ValidationError

from govbus.local.detached import start_detached
from govbus.local.issuer import open_issuer
from govbus.local.layout import Home, find_checkout
from govbus.local.occupancy import end_leftovers, occupied, record_supervisor, running_supervisor, supervisor_state
from govbus.local.processes import signal_one, wait_gone
from govbus.local.refusals import Refused
from govbus.local.settings import LocalSettings
from govbus.local.signin import signin_link
from govbus.local.stack import Stack
from govbus.local.story.telling import tell, was_told

DOWN_TIMEOUT_SECONDS = 60.0

app = cyclopts.App(name="govbus-local", help="The local stack: PostgreSQL, Kafka, every service, one address.")


class Stopped(Exception):
    """Somebody asked us to end."""


def say(sentence: str) -> None:
    """Tell the person."""
    print(sentence, flush=True)


@app.command
def up(*, detach: bool = False) -> None:
    """Start everything; Ctrl-C ends it. With --detach return when it is ready."""
    settings, home = _opened()
    checkout = find_checkout(Path.cwd())
    if detach:
        start_detached(home, checkout)
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with occupied(home):
        for name in end_leftovers(home):
            say(f"A former run had left {name} behind; it was ended.")
        record_supervisor(home, "starting")
        stack = Stack(settings, home, checkout, say)
        try:
            stack.start()
            if os.environ.get("DEMO", "1") != "0" and not was_told(home):
                stack.keep_running_while(lambda: tell(settings, home, say))
            _welcome(stack, settings, home)
            record_supervisor(home, "ready")
            stack.keep_running()
        except Stopped:
            say("Stopping.")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            stack.stop()
    say("Stopped; the data stay in " + str(home.root) + ".")


@app.command
def down() -> None:
    """End a running stack and whatever a killed one left behind."""
    _, home = _opened()
    supervisor = running_supervisor(home)
    if supervisor is not None:
        signal_one(supervisor, signal.SIGTERM)
        if wait_gone([supervisor], DOWN_TIMEOUT_SECONDS):
            raise Refused(f"Process {supervisor.pid} does not end: kill it, then run `make down` again.")
    left = end_leftovers(home)
    say("Stopped." if supervisor or left else f"Nothing is running with the data folder {home.root}.")


@app.command
def status() -> None:
    """Say whether the stack runs and who is not ready; exit status 1 when something is not."""
    settings, home = _opened()
    if running_supervisor(home) is None:
        raise Refused(f"Nothing is running with the data folder {home.root}: `make up` starts it.")
    try:
        answer = httpx2.get(f"{settings.url}/readyz", timeout=5, trust_env=False)
    except httpx2.HTTPError as away:
        raise Refused(f"The supervisor runs ({supervisor_state(home)}), {settings.url} does not answer yet.") from away
    if answer.status_code != httpx2.codes.OK:
        raise Refused(str(answer.json().get("detail")))
    say(f"Ready: {settings.url}")


@app.command
def demo() -> None:
    """Play the first look again, with a new model."""
    settings, home = _opened()
    tell(settings, home, say)


@app.command(name="sign-in")
def sign_in() -> None:
    """Print a new one-time link into the console."""
    settings, home = _opened()
    say(signin_link(home, open_issuer(home, settings.issuer_url), settings.url))


def _opened() -> tuple[LocalSettings, Home]:
    try:
        settings = LocalSettings()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise Refused(f"GOVBUS_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}.") from wrong
    home = Home(settings.home.resolve())
    home.mappings.mkdir(parents=True, exist_ok=True)
    return settings, home


def _welcome(stack: Stack, settings: LocalSettings, home: Home) -> None:
    say(f"\nReady: {settings.url}")
    say(f"  Sign in (works once, for an hour): {signin_link(home, stack.issuer, settings.url)}")
    say(
        "  Try next: `.venv/bin/govbus status`, `.venv/bin/govbus log entries`, and the route list at "
        f"{settings.url}/openapi.json"
    )
    say(f"  Logs: {home.root / 'logs'}   Where everything is: {home.endpoints}\n")


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


def main() -> None:
    """Run a command; what cannot be done ends as a sentence."""
    try:
        app()
    except Refused as refused:
        print(f"govbus: {refused}", file=sys.stderr)
        sys.exit(1)
    except OSError as failed:
        what = f"{failed.strerror}" + (f": {failed.filename}" if failed.filename else "")
        advice = "make room and start again" if failed.errno == errno.ENOSPC else "mend that and start again"
        print(f"govbus: {what}; {advice}.", file=sys.stderr)
        sys.exit(1)
    except Exception as unforeseen:  # noqa: BLE001 - a person at a terminal is helped by a sentence and a file
        details = Path(tempfile.gettempdir()) / f"govbus-failure-{os.getpid()}.txt"
        details.write_text("".join(traceback.format_exception(unforeseen)), encoding="utf-8")
        print(
            f"govbus: something unforeseen failed ({type(unforeseen).__name__}): please report it with {details}.",
            file=sys.stderr,
        )
        sys.exit(1)


if __name__ == "__main__":
    os.umask(0o077)
    main()
