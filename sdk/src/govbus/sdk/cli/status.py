"""`govbus status`: is everything up, how far behind, what is set aside."""

from dataclasses import asdict, dataclass

from govbus.sdk.cli.output import say, say_json, say_table
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, UNREACHABLE, Options, Session, session
from govbus.sdk.failures import GovbusFailure, NotConfigured, Refused, Unreachable
from govbus.sdk.metrics_text import total_of
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.trust import trust_in
from govbus.sdk.transport import Transport

_LAG = "govbus_lag_records"
_CHECKPOINT_AGE = "govbus_log_checkpoint_age_seconds"
_PAGE = "500"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service: ready or why not, unread records, records set aside (None: unknown)."""

    name: str
    ready: bool
    why: str
    lag_records_count: int | None
    parked_count: int | None


@dataclass(frozen=True, slots=True)
class LogState:
    """The audit log: size by its newest checkpoint, that checkpoint's age, whether the pinned key signed it."""

    size: int | None
    checkpoint_age_seconds: float | None
    signed: bool | None
    why: str


def status(*, options: Options = DEFAULT) -> int:
    """Show every service's readiness, lag and parked records, and the audit log; exit code 0 when all is ready."""
    with session(options) as opened_session:
        reachable = _answers(opened_session.transport)
        services = [
            _service(opened_session, name, url) for name, url in sorted(opened_session.endpoints.services.items())
        ]
        log = _log(opened_session)
    if options.json:
        say_json({"ready": reachable, "services": [asdict(one) for one in services], "log": asdict(log)})
    else:
        _tell(reachable, services, log)
    if not reachable and not any(one.ready for one in services):
        return UNREACHABLE
    return OK if reachable and log.signed is not False else REFUSED


def _answers(transport: Transport) -> bool:
    try:
        transport.get("/readyz")
    except GovbusFailure:
        return False
    return True


def _service(opened_session: Session, name: str, url: str) -> ServiceState:
    with Transport(url) as transport:
        try:
            transport.get("/readyz")
            ready, why = True, ""
        except GovbusFailure as error:
            ready, why = False, str(error)
        lag = _figure(transport, _LAG)
    return ServiceState(name, ready, why, None if lag is None else int(lag), _parked(opened_session, name))


def _parked(opened_session: Session, name: str) -> int | None:
    """Count records set aside; a service that consumes nothing has no such route."""
    try:
        token = opened_session.token("operator", "admin")
        page = opened_session.transport.get(f"/v1/ops/{name}/parked", token, parameters={"limit": _PAGE}).document()
    except (Refused, Unreachable, NotConfigured):
        return None
    items = page.get("items")
    return len(items) if isinstance(items, list) else None


def _log(opened_session: Session) -> LogState:
    vkey = opened_session.endpoints.log_vkey
    age = None
    if "audit_log" in opened_session.endpoints.services:
        with Transport(opened_session.endpoints.services["audit_log"]) as transport:
            age = _figure(transport, _CHECKPOINT_AGE)
    try:
        text = LogReader(opened_session.transport, None).checkpoint()
        if vkey is None:
            return LogState(
                int(text.split("\n")[1]), age, None, "no key is pinned here, so the signature is not checked"
            )
        return LogState(trust_in([vkey]).open(text).checkpoint.size, age, True, "")
    except Unreachable as error:
        return LogState(None, age, None, str(error))
    except (GovbusFailure, ValueError, IndexError) as error:
        return LogState(None, age, False, str(error))


def _figure(transport: Transport, name: str) -> float | None:
    try:
        return total_of(transport.get("/metrics").content.decode("utf-8", "replace"), name)
    except GovbusFailure:
        return None


def _tell(reachable: bool, services: list[ServiceState], log: LogState) -> None:
    say("ready" if reachable else "NOT READY")
    rows = [
        (one.name, "ready" if one.ready else "NOT READY", one.lag_records_count, one.parked_count, one.why)
        for one in services
    ]
    say_table(["service", "state", "lag", "parked", "why"], rows)
    signed = {True: "signature verified", False: "SIGNATURE NOT VERIFIED", None: "signature not checked"}[log.signed]
    age = "" if log.checkpoint_age_seconds is None else f", checkpoint {log.checkpoint_age_seconds:.0f} s old"
    say(f"log: {'unknown size' if log.size is None else f'{log.size} entries'}{age}, {signed} {log.why}".rstrip())
