"""Makes the pack that standard input asks for; answers on standard output, or with one sentence on standard error."""

import asyncio
import os
import resource
import sys
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from govbus.audit_log.domain.made_pack import MadePack
from govbus.audit_log.packing.making import TreeGone, make_pack
from govbus.audit_log.packing.task import PackTask, dump_made, read_task
from govbus.audit_log.related import TooManyEntries
from govbus.audit_log.rule_files import RuleFileRefused, load_evidence_rules

REFUSED: Final = 3
"""The exit code of a pack that will not be made however often it is tried."""

_NICENESS: Final = 10
"""Sequencing and signing go first."""


async def _make(task: PackTask) -> MadePack:
    rules = load_evidence_rules(Path(task.policies_directory))
    engine = create_async_engine(
        task.postgres_url, poolclass=NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT"
    )
    try:
        async with engine.connect() as connection:
            return await make_pack(connection, task, rules)
    finally:
        await engine.dispose()


def _run() -> int:
    task = read_task(sys.stdin.buffer.read())
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (task.memory_bytes, task.memory_bytes))
    try:
        made = asyncio.run(_make(task))
    except TooManyEntries:
        said = f"more than {task.entries_count} entries belong to {task.subject}"
    except TreeGone:
        said = f"the log has no checkpoint of size {task.size}"
    except RuleFileRefused as error:
        said = str(error)
    except MemoryError:
        said = f"it needs more than {task.memory_bytes} bytes of memory"
    else:
        sys.stdout.buffer.write(dump_made(made))
        return 0
    sys.stderr.write(said + "\n")
    return REFUSED


sys.exit(_run())
