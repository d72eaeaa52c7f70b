"""`govbus gate`: may this version go to this environment?"""

import getpass
import time
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from govbus.sdk.cli.output import say, say_json, say_table
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Options, Session, session
from govbus.sdk.gate import Decision, Question, ask

_BEHIND = "state_behind"
_PAUSE_SECONDS = 0.5


def gate(
    subject: str,
    version: str,
    /,
    *,
    environment: str,
    requested_by: Annotated[str | None, Parameter(env_var="GOVBUS_REQUESTED_BY")] = None,
    after: str | None = None,
    wait: Annotated[float, Parameter(validator=Number(gte=0))] = 0,
    options: Options = DEFAULT,
) -> int:
    """Ask for a release decision; exit code 0 only for allow.

    Parameters
    ----------
    subject
        model/<namespace>/<name>.
    version
        The version to be released.
    environment
        Where it shall go: production.
    requested_by
        Who asks for the release; your login name when absent.
    after
        A position that `govbus emit` printed: decide only when that event was taken into account.
    wait
        Seconds to go on asking while the gate says that it has not read that far yet.
    """
    question = Question(subject, version, environment, requested_by or getpass.getuser(), after)
    with session(options) as opened:
        decision = _patiently(opened, question, time.monotonic() + wait)
    if options.json:
        say_json(decision.document)
    else:
        _tell(question, decision)
    return OK if decision.allowed else REFUSED


def _patiently(opened: Session, question: Question, deadline: float) -> Decision:
    token = opened.token("operator", "viewer")
    while True:
        decision = ask(opened.transport, token, question)
        behind = any(reason.rule.replace("-", "_") == _BEHIND for reason in decision.reasons)
        if decision.allowed or not behind or time.monotonic() >= deadline:
            return decision
        time.sleep(_PAUSE_SECONDS)


def _tell(question: Question, decision: Decision) -> None:
    say(f"{decision.decision.upper()}  {question.subject} version {question.version} → {question.environment}")
    say(f"decision {decision.decision_id}  policy {decision.policy_digest}")
    if decision.reasons:
        rows = [(one.rule, one.message, one.remedy, ", ".join(one.sources)) for one in decision.reasons]
        say_table(["rule", "says", "what to do", "source"], rows)
