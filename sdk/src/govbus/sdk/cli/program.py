"""The program: all command families, and what each failure is in exit codes."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import entry_points, version
from typing import Any, Final

from cyclopts import App, CycloptsError

from govbus.sdk.cli import emit, erase, gate, imports, incident, log, parked, sources, spool, status, token, verify
from govbus.sdk.cli.output import say_error, say_json
from govbus.sdk.cli.session import OK, REFUSED, UNREACHABLE, USAGE
from govbus.sdk.cloudevents import NotAnEvent
from govbus.sdk.failures import GovbusFailure, NotConfigured, NotProved, Refused, Unreachable

PLUGINS: Final = "govbus.commands"
"""Entry points of commands that only parts of Govbus have: the engine of mappings, the admin of Kafka."""

PLUGIN_HELP: Final = {
    "mapping": "Mapping files, which read platforms' own payloads: list, test.",
    "mapping.list": "List the delivered mappings.",
    "mapping.test": "Show what a mapping makes of a payload: input and facts side by side, or why it is refused.",
    "log.key": "Keys of a log: make one, show one, look at a rotation.",
    "log.key.new": "Make a key: a file that nobody else may read, and its vkey on standard output.",
    "log.key.show": "Print the vkey of a key file.",
    "log.key.history": "Show which keys signed which checkpoints, from files of checkpoints.",
    "log.close": "Close this machine's log for ever: its last entry names the successor.",
    "log.recover": "After a restore: read what the log lacks from govbus.audit, prove it, and with --apply store it.",
    "log.succeed": "Begin this machine's empty log as the successor of another.",
    "witness": "Serve a witness: cosign what continues what was cosigned before, and nothing else.",
}
"""What help says of commands that are not imported before they are used."""

_INTERRUPTED: Final = 130

app = App(
    name="govbus",
    help="Say what happened, ask the gate, prove the record.",
    help_epilogue="Exit codes: 0 ok, 1 refused or denied, 2 wrong use, 3 unreachable.",
    version=version("govbus-sdk"),
    help_format="plaintext",
    result_action="return_value",
)
app.command(emit.emit)
app.command(imports.import_, name="import")
app.command(gate.gate)
app.command(erase.erase)
app.command(verify.verify)
app.command(log.app)
app.command(status.status)
app.command(parked.app)
app.command(incident.app)
app.command(sources.app)
app.command(spool.app)
app.command(token.token)


def add_plugins(program: App) -> None:
    """Add the commands that other parts of Govbus bring, where they are installed.

    An entry point is named after its command: `witness`, `mapping.test`, `log.key.new`. Families that there are
    already take further commands. Nothing of them is imported before its command is used.
    """
    for point in sorted(entry_points(group=PLUGINS), key=lambda point: point.name):
        *families, command = point.name.split(".")
        place = program
        for depth, family in enumerate(families, 1):
            place = _family(place, family, PLUGIN_HELP.get(".".join(families[:depth]), ""))
        place.command(point.value, name=command, help=PLUGIN_HELP.get(point.name, ""))


def _family(place: App, name: str, help_: str) -> App:
    """Return the family of commands called `name` below `place`, made when there is none."""
    if name not in place:
        place.command(App(name=name, help=help_))
    return place[name]


add_plugins(app)


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Return the exit code; failures are one line on standard error, never a stack trace."""
    try:
        result = app(list(arguments), exit_on_error=False, print_error=True)
        sys.stdout.flush()
    except CycloptsError:
        return USAGE
    except (GovbusFailure, NotAnEvent) as error:
        say_error(f"govbus: {error}")
        if "--json" in arguments:
            say_json(_failure(error))
        return _code_of(error)
    except OSError as error:
        return _on_os_error(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return result if isinstance(result, int) else OK


def _code_of(error: GovbusFailure | NotAnEvent) -> int:
    match error:
        case NotAnEvent() | NotConfigured():
            return USAGE
        case Unreachable():
            return UNREACHABLE
        case _:
            return REFUSED


def _failure(error: GovbusFailure | NotAnEvent) -> dict[str, Any]:
    """Return what scripts read of a failure; with `verified` when something was to be proved."""
    found: dict[str, Any] = {"message": str(error), "exit_code": _code_of(error)}
    if isinstance(error, Refused):
        found |= {"reason": error.reason, "problem": error.problem}
    if isinstance(error, NotProved):
        found["differences"] = [asdict(difference) for difference in error.differences]
        return {"verified": False, "error": found}
    return {"error": found}


def _on_os_error(error: OSError) -> int:
    """A reader that went away (`| head`) is no failure; anything else is a file that cannot be read or written."""
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    say_error(f"govbus: {error.filename or 'file'}: {error.strerror}")
    return USAGE
