"""`govbus witness`: serves a witness of any logs in C2SP form, until it is stopped."""

import logging
import sqlite3
import sys
import time
from pathlib import Path
from typing import Final

import uvicorn

from govbus.audit_log.given_keys import given_keys
from govbus.audit_log.seeds import KeyUnusable, read_or_make_key
from govbus.audit_log.witness.answering import Witness
from govbus.audit_log.witness.state import WitnessState
from govbus.audit_log.witness.web import build_web
from govbus.contracts.translog.vkey import ED25519, KeyRejected, VerificationKey

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
_REQUESTS_COUNT: Final = 64
"""At once; more are answered 503. A log asks once a second."""

_GRACE_SECONDS: Final = 5
_PORTS: Final = range(65536)


def witness(
    *,
    key: Path,
    log: tuple[str, ...],
    state: Path,
    listen: str = "127.0.0.1:8490",
    name: str = "govbus-witness",
) -> int:
    """Serve a witness: cosign what continues what was cosigned before, and nothing else.

    Prints the witness's vkey, which logs and verifiers put into their policy files.

    Parameters
    ----------
    key
        File with the witness's Ed25519 seed; made, mode 0600, together with the state.
    log
        vkey of a log to witness, or a file with vkeys; may be repeated.
    state
        SQLite file of what was cosigned last; a witness that lost it must not go on with its key.
    listen
        HOST:PORT; put a proxy with TLS before it.
    name
        The witness's name in its cosignatures; never changed, as proofs carry it.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) not in _PORTS:
        return _say(f"--listen {listen!r} is not HOST:PORT", USAGE)
    try:
        logs = known_logs(log)
        kept = _opened(key, state)
        made = Witness(name, read_or_make_key(key), logs, kept, time.time)
        vkey = str(made.key)
    except (KeyUnusable, KeyRejected) as error:
        return _say(str(error), REFUSED)
    except sqlite3.Error as error:
        return _say(f"{state}: {error}", REFUSED)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sys.stdout.write(f"{vkey}\n")
    sys.stdout.flush()
    try:
        _serve(made, host.strip("[]"), int(port))
    finally:
        kept.close()
    return OK


def known_logs(given: tuple[str, ...]) -> dict[str, list[VerificationKey]]:
    """Return the keys of each log by origin, from vkeys or files of them.

    Raises:
        KeyRejected: not a log's key.
    """
    logs: dict[str, list[VerificationKey]] = {}
    for found in given_keys(given):
        if found.kind != ED25519:
            raise KeyRejected(f"{found.name} is the key of a witness, not of a log")
        logs.setdefault(found.name, []).append(found)
    return logs


def _opened(key: Path, state: Path) -> WitnessState:
    """Return the state, made before the key is: a key without its state has forgotten what it cosigned."""
    if key.exists() and not state.exists():
        raise KeyUnusable(
            f"{state} is gone: without it this key could cosign a fork. Retire the key: move {key} away and start again"
        )
    return WitnessState(state)


def _serve(made: Witness, host: str, port: int) -> None:
    uvicorn.run(
        build_web(made),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_REQUESTS_COUNT,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"govbus: {sentence}\n")
    return code
