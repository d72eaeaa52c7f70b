"""`govbus log follow`: entries as they are published; --verify recomputes the tree and compares it as it grows."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import EntryRejected, parse_entry
from govbus.sdk.cli.output import say, say_json
from govbus.sdk.cli.session import DEFAULT, OK, REFUSED, Keys, Options, PolicyFile, session, trusted
from govbus.sdk.endpoints import find_kafka
from govbus.sdk.failures import NotConfigured, NotProved
from govbus.sdk.translog import tile_stream
from govbus.sdk.translog.follow_state import StateFile
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.published_records import Published, StreamCheckpoint
from govbus.sdk.translog.stream_damage import changed_entries
from govbus.sdk.translog.tree_follower import StreamEntry, TreeFollower
from govbus.sdk.translog.trust import Trust

_READERS: Final = ("viewer", "operator", "auditor")
_COLUMNS: Final = ("index", "state", "type", "subject", "time", "id")
_WITHOUT_KAFKA: Final = (
    "the topic is read with confluent-kafka, which is not installed: pip install 'govbus-sdk[kafka]'"
)


def follow(
    *,
    start: Annotated[int, Parameter(name="--from", validator=Number(gte=0))] = 0,
    verify: Annotated[bool, Parameter(negative="")] = False,
    kafka: Annotated[bool, Parameter(negative="")] = False,
    http: Annotated[bool, Parameter(negative="")] = False,
    once: Annotated[bool, Parameter(negative="")] = False,
    state: Path | None = None,
    key: Keys = (),
    policy: PolicyFile = None,
    options: Options = DEFAULT,
) -> int:
    """Print entries as they are published; with --verify stop with exit code 1 at the first difference.

    Parameters
    ----------
    start
        Print from this index on; what lies before is verified all the same.
    verify
        Recompute the tree from every entry and compare it with every checkpoint.
    kafka
        Read the topic govbus.audit with the Kafka user of endpoints.json or GOVBUS_KAFKA_...: needs govbus-sdk[kafka].
    http
        Read the log's address (the default).
    once
        End when everything that is there was read.
    state
        With --verify: where to keep how far it came, and to go on from.
    key
        The log's vkey to believe, or a file of vkeys; may be given more than once.
    policy
        A C2SP tlog-policy file: its witnesses must have cosigned each checkpoint.
    """
    if kafka and http:
        raise NotConfigured("--kafka or --http, not both")
    if not verify and (kafka or state is not None or once):
        raise NotConfigured("--kafka, --once and --state go with --verify")
    if verify:
        return _verified(trusted(key, policy), state, start, options, kafka=kafka, once=once)
    with session(options) as opened:
        for item in LogReader(opened.transport, opened.token(*_READERS)).follow(start):
            if options.json:
                say_json(item)
            else:
                say(" ".join(str(item.get(name, "")) for name in _COLUMNS))
    return OK


def _verified(trust: Trust, state: Path | None, start: int, options: Options, *, kafka: bool, once: bool) -> int:
    kept = None if state is None else StateFile(state, trust)
    follower, next_offset = (TreeFollower(trust), None) if kept is None else kept.resume()
    checkpoints_count = 0
    with _reader(options, needed=not kafka) as reader:
        if kafka or reader is None:
            stream = _of_topic(next_offset, once=once)
        else:
            stream = ((None, came) for came in tile_stream.published(reader, trust, follower.size, once=once))
        try:
            for offset, came in stream:
                if isinstance(came, StreamEntry):
                    if follower.take_entry(came) and came.index >= start:
                        _say_entry(came, options)
                elif isinstance(came, StreamCheckpoint):
                    _take_checkpoint(follower, came, reader)
                    checkpoints_count += 1
                    if kept is not None:
                        kept.mark(follower, offset)
        finally:
            if kept is not None:
                kept.save()
    return _say_end(follower, checkpoints_count, options)


@contextmanager
def _reader(options: Options, *, needed: bool) -> Iterator[LogReader | None]:
    """Give the log over HTTP; the topic is read without, where nobody said where that is."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(session(options))
        except NotConfigured:
            if needed:
                raise
            yield None
            return
        yield LogReader(opened.transport, opened.token(*_READERS) if needed else None)


def _of_topic(start: int | None, *, once: bool) -> Iterator[tuple[int | None, Published | None]]:
    access = find_kafka(os.environ, Path.cwd())
    try:
        reading = import_module("govbus.sdk.translog.topic_stream")
    except ModuleNotFoundError as error:
        if error.name != "confluent_kafka":
            raise
        raise NotConfigured(_WITHOUT_KAFKA) from None
    yield from reading.published(access, start, once=once)


def _take_checkpoint(follower: TreeFollower, came: StreamCheckpoint, reader: LogReader | None) -> None:
    """Hold the tree against a checkpoint; where they differ, ask the log which entries it would show instead."""
    try:
        follower.take_checkpoint(came.note, came.place)
    except NotProved as error:
        served_otherwise = [] if reader is None else changed_entries(follower, reader)
        raise NotProved.of([*error.differences, *served_otherwise]) from None


def _say_entry(came: StreamEntry, options: Options) -> None:
    try:
        entry = parse_entry(came.entry)
    except EntryRejected as error:
        raise NotProved.at(came.place, f"entry {came.index}: {error}", came.index) from None
    fields = {name: getattr(entry, name) for name in ("kind", "type", "subject", "time", "id")}
    if options.json:
        say_json({"index": came.index, **fields, "entry": base64_strict.encode(came.entry)})
    else:
        say(" ".join(str(value) for value in (came.index, *fields.values())))


def _say_end(follower: TreeFollower, checkpoints_count: int, options: Options) -> int:
    """Say how far the stream was verified; one that no checkpoint covered proves nothing."""
    sizes = {"size": follower.size, "checked_size": follower.checked_size, "repeated_count": follower.repeated_count}
    if options.json:
        say_json({"verified": follower.newest is not None, **sizes, "checkpoints_count": checkpoints_count})
    elif follower.newest is None:
        say("nothing is proved: no checkpoint came")
    else:
        rest = f", {follower.size - follower.checked_size} more wait for one" * (follower.size > follower.checked_size)
        say(f"verified: {follower.checked_size} entries by {checkpoints_count} checkpoints read{rest}")
    return REFUSED if follower.newest is None else OK
