"""`govbus log close`: ends a log for ever; `python -m govbus.audit_log.close` does the same."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.comparing import Comparison
from govbus.audit_log.copying import Copying
from govbus.audit_log.domain.closing import Closing, draft_closed, dump_closing
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.keys import LogKeys, load_keys
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.published import PublishedCheckpoints
from govbus.audit_log.seeds import KeyUnusable
from govbus.audit_log.settings import Settings
from govbus.audit_log.signing import Signer
from govbus.audit_log.standing import Standing
from govbus.audit_log.store.closing import closing_of
from govbus.audit_log.store.entries import entry_at
from govbus.audit_log.store.signing import newest_checkpoint
from govbus.audit_log.store.state import read_state
from govbus.audit_log.store.tree import prove
from govbus.audit_log.witness_policy_file import load_policy
from govbus.audit_log.witnessing import Witnessing
from govbus.contracts.identity import fresh_id
from govbus.contracts.translog.paths import inclusion_plan
from govbus.contracts.translog.proof import Proof
from govbus.contracts.translog.vkey import ED25519, KeyRejected, VerificationKey, parse_vkey
from govbus.eventing.database import new_engine
from govbus.eventing.error_words import describe
from govbus.eventing.manifest import StartRefused

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3

_SIGN_SECONDS: Final = 30.0
"""A service that runs beside may hold the signer's lock; it signs within a fraction of this."""

_POLL_SECONDS: Final = 0.1
_COPY_AT_ONCE_SECONDS: Final = 0.0


def close(*, successor: str, reason: str, output: Path) -> int:
    """Close this machine's log for ever: its last entry names the successor, a final checkpoint is signed and copied.

    Run it where the audit log runs, with its settings (GOVBUS_…), best while the service has stopped; start it again
    afterwards: it publishes what is left and serves readers. May be interrupted and run again with the same successor.

    Parameters
    ----------
    successor
        vkey of the log that goes on; it has an origin of its own.
    reason
        Why, in a sentence; everybody will read it.
    output
        Where to write the proof of the closing: `govbus verify` reads it, and `govbus log succeed` needs it.
    """
    if not output.parent.is_dir():
        return _failed(USAGE, f"{output.parent} is no folder: nothing was closed")
    try:
        settings = Settings()
        closed, proof = asyncio.run(close_log(settings, _successor(successor, settings.audit_log_origin), reason))
        output.write_bytes(proof)
    except ValidationError as error:
        names = ", ".join("GOVBUS_" + "_".join(map(str, item["loc"])).upper() for item in error.errors())
        return _failed(USAGE, f"run it with the settings of the audit log: {names}")
    except (StartRefused, KeyRejected) as error:
        return _failed(USAGE, str(error))
    except Inconsistent as error:
        return _failed(REFUSED, str(error))
    except (OSError, KafkaError, SQLAlchemyError) as error:
        return _failed(UNREACHABLE, f"cannot reach what closing needs: {describe(error)}")
    sys.stdout.write(
        f"{closed.sentence()}\nThe proof of it is in {output}; keep it, and start the successor with it.\n"
    )
    return OK


@dataclass(frozen=True, slots=True)
class _Ending:
    """What closing works with: the parts of the service that it needs, and nothing that consumes."""

    settings: Settings
    keys: LogKeys
    engine: AsyncEngine
    sequencer: Sequencer
    signer: Signer
    copying: Copying
    witnessing: Witnessing | None


async def close_log(settings: Settings, successor: VerificationKey, reason: str) -> tuple[Closing, bytes]:
    """Return what the last entry says and the proof of it, once it is under a signed checkpoint that lies outside.

    Raises:
        KeyUnusable: the key is lost; such a log cannot be closed, its successor says so alone.
        Inconsistent: the log is not what was signed, or is closed in favour of another log.
    """
    async with _ending(settings) as ending:
        await ending.signer.round()
        closing = await _enter(ending, successor, reason)
        await _sign(ending, closing.index + 1)
        await ending.copying.round()
        if ending.witnessing is not None:
            await ending.witnessing.round()
        return closing, await _proof(ending, closing.index)


@asynccontextmanager
async def _ending(settings: Settings) -> AsyncIterator[_Ending]:
    keys = load_keys(settings)
    policy = load_policy(settings.audit_log_witness_policy_file, keys)
    registry = CollectorRegistry()
    standing = Standing(registry)
    engine = new_engine(settings)
    places = [CopyPlace(url) for url in settings.copies]
    topic = PublishedCheckpoints(settings) if settings.audit_log_compare_topic else None
    comparison = Comparison(engine, keys, topic, places, standing)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(engine.dispose)
        witnessing = Witnessing(settings, engine, policy, standing, registry) if policy else None
        if witnessing is not None:
            closing.push_async_callback(witnessing.close)
        await comparison.compare()
        yield _Ending(
            settings,
            keys,
            engine,
            Sequencer(standing, registry),
            Signer(engine, keys, comparison, standing, registry),
            Copying(engine, places, comparison, standing, _COPY_AT_ONCE_SECONDS, registry),
            witnessing,
        )


async def _enter(ending: _Ending, successor: VerificationKey, reason: str) -> Closing:
    """Return the last entry, entered unless an earlier run did."""
    async with ending.engine.begin() as connection:
        found = await closing_of(connection)
        if found is None:
            draft = draft_closed(ending.keys.origin, successor, reason, datetime.now(UTC), fresh_id())
            await ending.sequencer.enter(connection, [draft])
            found = await closing_of(connection)
    if found is None:
        raise Inconsistent("the closing was entered and is not the last entry")
    if found.successor != successor:
        raise Inconsistent(found.sentence())
    return found


async def _sign(ending: _Ending, size: int) -> None:
    deadline = time.monotonic() + _SIGN_SECONDS
    while time.monotonic() < deadline:
        await ending.signer.round()
        async with ending.engine.connect() as connection:
            newest = await newest_checkpoint(connection)
        if newest is not None and newest.compact.size >= size:
            return
        await asyncio.sleep(_POLL_SECONDS)
    raise Inconsistent("the final checkpoint was not signed: see the log's service for why, then run this again")


async def _proof(ending: _Ending, index: int) -> bytes:
    async with ending.engine.connect() as connection:
        state, record = await read_state(connection), await entry_at(connection, index)
        hashes = await prove(connection, inclusion_plan(index, state.checkpoint_size))
    if record is None or state.note is None:
        raise Inconsistent(f"entry {index} is gone")
    found = {"payload": record.payload, "attributes": record.attributes, "commitment_key": record.key}
    opened = {name: raw for name, raw in found.items() if raw is not None}
    vkeys = [str(key) for key in ending.keys.signing]
    return dump_closing(vkeys, record.entry, str(Proof(index, hashes, state.note)), opened)


def _successor(vkey: str, origin: str) -> VerificationKey:
    key = parse_vkey(vkey)
    if key.kind != ED25519:
        raise KeyRejected(f"{key.name} is the key of a witness, not of a log")
    if key.name == origin:
        raise KeyUnusable(f"the successor is called {origin} like this log: a successor has an origin of its own")
    return key


def _failed(code: int, sentence: str) -> int:
    sys.stderr.write(f"govbus: {sentence}\n")
    return code


def main() -> None:
    """Run the command of this module."""
    parser = argparse.ArgumentParser(prog="python -m govbus.audit_log.close", description=close.__doc__)
    parser.add_argument("--successor", required=True)
    parser.add_argument("--reason", required=True)
    parser.add_argument("--output", required=True, type=Path)
    asked = parser.parse_args()
    sys.exit(close(successor=asked.successor, reason=asked.reason, output=asked.output))


if __name__ == "__main__":
    main()
