"""Takes orders for evidence packs, has each made in a process of its own, and lets none outlive what it holds."""

import asyncio
import base64
import hashlib
import logging
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.access import draft_access
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.packing.task import PackTask, dump_task, read_made
from govbus.audit_log.related import Bounds, Gathering
from govbus.audit_log.rule_files import EvidenceRules
from govbus.audit_log.settings import Settings
from govbus.audit_log.store import evidence_packs as store
from govbus.audit_log.store.evidence_packs import AskedPack, StoredPack
from govbus.audit_log.store.pinned import tree_as_of
from govbus.contracts import strict_json
from govbus.contracts.identity import fresh_id
from govbus.eventing.service import Service

_log: Final = logging.getLogger(__name__)

_REFUSED_CODE: Final = 3
_ATTEMPTS_COUNT: Final = 3
"""A process that died may have met a database that was away; one that dies three times meets something else."""

_LEASE_SLACK: Final = timedelta(seconds=30)
_SENTENCE_CHARACTERS: Final = 500


class NotOrdered(Exception):
    """An order that is not taken; `reason` is from a closed list, the message says what to do."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep reason (`nothing_signed`, `nothing_on_record`, `too_many_packs`) and sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class EvidenceDesk:
    """The packs of one log; the files lie in this process's own folder."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        sequencer: Sequencer,
        rules: EvidenceRules,
        clock: Callable[[], datetime],
    ) -> None:
        """Make nothing yet."""
        self._service = service
        self._settings = settings
        self._sequencer = sequencer
        self._rules = rules
        self._clock = clock
        self._folder = settings.evidence_directory
        # Packs made, by outcome: ready, failed, retried. `failed` says why in the answer about the pack.
        self._made = Counter("govbus_log_evidence_packs_total", "Packs made", ["outcome"], registry=service.registry)

    @property
    def frameworks(self) -> list[str]:
        """The frameworks there are."""
        return sorted(self._rules.frameworks)

    async def order(
        self, by: str, subject: str, framework: str | None, as_of: datetime | None, *, confidential: bool
    ) -> StoredPack:
        """Return the pack of what is asked for, there already or on its way.

        Where payloads that are not open go in, the order is itself an entry of the log, in the same transaction.

        Raises:
            NotOrdered: see there.
            TooManyEntries: more belongs to the subject than a pack may hold.
            Inconsistent, NotCompared: the reading cannot be put on record now.
        """
        async with self._service.engine.connect() as connection:
            tree = await tree_as_of(connection, as_of)
            if tree is None:
                raise NotOrdered("nothing_signed", "No checkpoint was signed by then; there is no record to pack.")
            gathering = Gathering(subject, tree.size, confidential=confidential, bounds=self._bounds())
            related = await gathering.gather(connection, self._rules.links)
            if not related.indexes:
                raise NotOrdered("nothing_on_record", f"By then the log had no entry about {subject}.")
        asked = self._asked(subject, framework, tree.size, confidential=confidential)
        closed = gathering.closed() if confidential else []
        async with self._service.transaction() as (connection, _):
            known = await store.find(connection, asked.id)
            if known is None and await store.waiting_count(connection) >= self._settings.audit_log_packs_waiting_count:
                raise NotOrdered("too_many_packs", "Many packs are being made; ask again in a minute.")
            await self._put_on_record(connection, by, asked.id, closed)
            await store.ask(connection, asked, by, self._clock())
            found = await store.find(connection, asked.id)
        assert found is not None
        return found

    async def find(self, pack_id: str) -> StoredPack | None:
        """Return a pack; one that holds what was erased since is taken away and made anew."""
        async with self._service.engine.begin() as connection:
            stale = await store.stale(connection, pack_id)
            await self._take_back(connection, stale)
            found = await store.find(connection, pack_id)
            if found is not None and found.state == "ready" and not self.file_of(pack_id).is_file():
                await store.make_again(connection, [pack_id])
                found = await store.find(connection, pack_id)
        return found

    async def hand_out(self, pack: StoredPack, reader: str) -> Path:
        """Return the file of a pack that is ready, after its reading was put on record where it must be.

        Raises:
            Inconsistent, NotCompared: that is not possible now.
        """
        if pack.confidential:
            async with self._service.transaction() as (connection, _):
                closed = await store.closed_in(connection, pack.id)
                await self._put_on_record(connection, reader, pack.id, closed)
        return self.file_of(pack.id)

    def file_of(self, pack_id: str) -> Path:
        """Return where a pack lies once it is ready."""
        return self._folder / f"{pack_id}.zip"

    async def round(self) -> None:
        """Make every pack that waits, one after the other.

        Raises:
            Exception: the database is away; tried again in the next round.
        """
        while await self._make_next():
            pass

    async def sweep(self) -> None:
        """Delete packs whose time is over, and those that hold what was erased since.

        Raises:
            Exception: the database is away; tried again in the next round.
        """
        after = timedelta(hours=self._settings.audit_log_pack_kept_hours)
        async with self._service.engine.begin() as connection:
            await self._take_back(connection, await store.stale(connection))
            for pack_id in await store.expire(connection, after):
                self.file_of(pack_id).unlink(missing_ok=True)

    async def _take_back(self, connection: AsyncConnection, pack_ids: list[str]) -> None:
        for pack_id in pack_ids:
            self.file_of(pack_id).unlink(missing_ok=True)
        await store.make_again(connection, pack_ids)

    async def _put_on_record(self, connection: AsyncConnection, reader: str, pack_id: str, closed: list[int]) -> None:
        if closed:
            origin, read = self._settings.audit_log_origin, {"evidence_pack": pack_id, "indexes": closed}
            draft = draft_access(origin, reader, read, self._clock(), fresh_id())
            await self._sequencer.enter(connection, [draft])

    async def _make_next(self) -> bool:
        lease = timedelta(seconds=self._settings.audit_log_pack_seconds) + _LEASE_SLACK
        async with self._service.engine.begin() as connection:
            pack = await store.claim(connection, lease)
        if pack is None:
            return False
        code, answer, said = await self._run(self._task(pack))
        async with self._service.engine.begin() as connection:
            if code == 0:
                await store.set_ready(connection, pack.id, read_made(answer))
                self._made.labels("ready").inc()
            elif code == _REFUSED_CODE or pack.attempts_count >= _ATTEMPTS_COUNT:
                await store.set_failed(connection, pack.id, said if code == _REFUSED_CODE else _ended(code))
                self._made.labels("failed").inc()
            else:
                await store.make_again(connection, [pack.id])
                self._made.labels("retried").inc()
        if code != 0:
            _log.warning("evidence pack %s was not made: code %s: %s", pack.id, code, said[-_SENTENCE_CHARACTERS:])
        return code == 0

    async def _run(self, task: PackTask) -> tuple[int | None, bytes, str]:
        """Return exit code (None: it took too long), answer and what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "govbus.audit_log.packing",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._settings.audit_log_pack_seconds):
                answer, said = await process.communicate(dump_task(task))
        except TimeoutError:
            return None, b"", f"it took more than {self._settings.audit_log_pack_seconds:g} seconds"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode, answer, said.decode("utf-8", "replace").strip()[:_SENTENCE_CHARACTERS]

    def _task(self, pack: StoredPack) -> PackTask:
        settings, bounds = self._settings, self._bounds()
        return PackTask(
            postgres_url=settings.postgres_url.get_secret_value(),
            policies_directory=str(settings.frameworks_directory),
            target=str(self.file_of(pack.id)),
            origin=settings.audit_log_origin,
            subject=pack.subject,
            framework=pack.framework,
            size=pack.size,
            confidential=pack.confidential,
            entries_count=bounds.entries_count,
            subjects_count=bounds.subjects_count,
            chain_count=bounds.chain_count,
            memory_bytes=settings.audit_log_pack_memory_bytes,
        )

    def _bounds(self) -> Bounds:
        settings = self._settings
        return Bounds(
            entries_count=settings.audit_log_pack_entries_count,
            subjects_count=settings.audit_log_pack_subjects_count,
            chain_count=settings.audit_log_pack_chain_count,
        )

    def _asked(self, subject: str, framework: str | None, size: int, *, confidential: bool) -> AskedPack:
        """Return the order; its id is a digest of all that the contents depend on, so asking twice is asking once."""
        about = [subject, framework, size, confidential, sorted(self._rules.digests.items())]
        digest = hashlib.sha256(strict_json.dump(about)).digest()[:16]
        return AskedPack(
            id=base64.b32encode(digest).decode().rstrip("=").lower(),
            subject=subject,
            framework=framework,
            size=size,
            confidential=confidential,
        )


def _ended(code: int | None) -> str:
    return "it took too long" if code is None else f"the process that makes it ended with code {code}"
