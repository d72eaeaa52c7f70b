"""`govbus log follow --verify`: whatever is wrong with a stream stops it, and is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from audit_log.stored_log import entries_of, note_of
from govbus.contracts.translog.merkle import CompactRange
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.follow_state import StateFile
from govbus.sdk.translog.published_records import StreamCheckpoint
from govbus.sdk.translog.recent_leaves import RecentLeaves
from govbus.sdk.translog.tree_follower import StreamEntry, TreeFollower
from govbus.sdk.translog.trust import trust_in
from sdk.static_log import COMMITMENT_KEY, entry, payload, signer

ENTRIES = entries_of(300)
TRUST = trust_in([str(signer().key)])
Came: TypeAlias = StreamEntry | StreamCheckpoint
Stream: TypeAlias = list[Came]


def came(index: int, raw: bytes | None = None) -> StreamEntry:
    """Return an entry as it is published, with payload and key."""
    raw = ENTRIES[index] if raw is None else raw
    return StreamEntry(f"offset {index}", index, raw, b"{}", payload(index), COMMITMENT_KEY)


def signed(size: int, entries: list[bytes] | None = None, by: str = "log") -> StreamCheckpoint:
    """Return the checkpoint of the first entries."""
    return StreamCheckpoint(f"checkpoint {size}", note_of((entries or ENTRIES)[:size], signer(by)).decode())


def whole() -> Stream:
    """Return a stream as the log publishes it: three stretches, each with its checkpoint."""
    return [
        *map(came, range(100)),
        signed(100),
        *map(came, range(100, 256)),
        signed(256),
        *map(came, range(256, 300)),
        signed(300),
    ]


def take(follower: TreeFollower, stream: Stream) -> None:
    for one in stream:
        if isinstance(one, StreamEntry):
            follower.take_entry(one)
        else:
            follower.take_checkpoint(one.note, one.place)


def test_a_whole_stream_is_the_tree_that_was_signed() -> None:
    follower = TreeFollower(TRUST)
    take(follower, whole())
    assert (follower.size, follower.checked_size, follower.repeated_count) == (300, 300, 0)


def test_what_a_crash_repeats_is_tolerated() -> None:
    follower = TreeFollower(TRUST)
    stream = whole()
    take(follower, [*stream[:180], *stream[60:180], *stream[100:]])
    assert (follower.size, follower.checked_size) == (300, 300)
    assert follower.repeated_count > 100


def a_gap(stream: Stream) -> None:
    del stream[40:43]


def a_gap_before_a_checkpoint(stream: Stream) -> None:
    del stream[99]


def a_swap(stream: Stream) -> None:
    stream[40], stream[41] = stream[41], stream[40]


def a_changed_payload(stream: Stream) -> None:
    stream[40] = replace(came(40), payload=b"{}")


def changed_attributes(stream: Stream) -> None:
    stream[40] = replace(came(40), attributes=b"[]")


def a_repeated_entry_of_other_bytes(stream: Stream) -> None:
    stream.insert(90, came(70, entry(70, subject="model/demo/other")))


def another_signature(stream: Stream) -> None:
    stream[257] = signed(256, by="another")


def two_histories(stream: Stream) -> None:
    stream.insert(258, signed(256, [*ENTRIES[:255], entry(9999)]))


def an_older_history(stream: Stream) -> None:
    stream.insert(258, signed(180, [*ENTRIES[:150], entry(9999), *ENTRIES[151:]]))


def a_checkpoint_too_early(stream: Stream) -> None:
    stream.insert(258, signed(300))


@pytest.mark.parametrize(
    ("tamper", "index", "said"),
    [
        (a_gap, 40, "entries 40 to 42 are missing"),
        (a_gap_before_a_checkpoint, 99, "entry 99 is missing"),
        (a_swap, 40, "entry 40 is missing"),
        (a_changed_payload, 40, "entry 40: the entry commits to another payload"),
        (changed_attributes, 40, "entry 40: the entry commits to other attributes"),
        (a_repeated_entry_of_other_bytes, 70, "comes again with other bytes"),
        (another_signature, None, "no signature of a key that is trusted here"),
        (two_histories, 255, "another signed root of size 256"),
        (an_older_history, 179, "another signed root of size 180"),
        (a_checkpoint_too_early, 256, "entries 256 to 299 are missing"),
    ],
)
def test_the_first_difference_stops_it(tamper: Callable[[Stream], None], index: int | None, said: str) -> None:
    stream = whole()
    tamper(stream)
    with pytest.raises(NotProved) as caught:
        take(TreeFollower(TRUST), stream)
    assert caught.value.differences[0].index == index
    assert said in str(caught.value)


def test_a_changed_entry_without_payload_is_narrowed_down_by_the_checkpoint() -> None:
    stream: Stream = [StreamEntry("", one.index, one.entry) if isinstance(one, StreamEntry) else one for one in whole()]
    stream[150] = StreamEntry("", 149, entry(149, subject="model/demo/other"))
    with pytest.raises(NotProved) as caught:
        take(TreeFollower(TRUST), stream)
    assert "entries 100 to 255 lead to another root" in str(caught.value)
    assert caught.value.differences[0].index == 100


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    stream, file = whole(), tmp_path / "state"
    kept = StateFile(file, TRUST)
    follower, offset = kept.resume()
    assert (follower.size, offset) == (0, None)
    for place, one in enumerate(stream[:200]):
        take(follower, [one])
        if isinstance(one, StreamCheckpoint):
            kept.mark(follower, place + 1)
    kept.save()
    resumed, offset = StateFile(file, TRUST).resume()
    assert (resumed.size, offset) == (100, 101)
    take(resumed, [*stream[60:101], *stream[101:]])
    assert (resumed.checked_size, resumed.repeated_count) == (300, 40)


def test_a_state_that_the_log_never_signed_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "state"
    kept = StateFile(file, TRUST)
    follower, _ = kept.resume()
    take(follower, whole())
    kept.mark(follower, 7)
    kept.save()
    document = json.loads(file.read_bytes())
    changed: object
    for changed in (
        document | {"leaves": document["leaves"][1:] + document["leaves"][:1]},
        document | {"checkpoint": note_of(ENTRIES, signer("another")).decode()},
        document | {"base": {"size": 1, "subtrees": []}},
        document | {"format": "another"},
        [],
    ):
        file.write_text(json.dumps(changed))
        with pytest.raises(NotProved, match="state"):
            StateFile(file, TRUST).resume()


def test_the_memory_of_a_follower_is_bounded() -> None:
    leaves = RecentLeaves(CompactRange(), [], 64)
    follower = TreeFollower(TRUST, leaves)
    take(follower, whole())
    assert follower.checked_size == 300
    assert 300 - leaves.first <= 128
    with pytest.raises(NotProved, match="too late to be compared"):
        follower.take_entry(came(10))
    with pytest.raises(NotProved, match="too late to be compared"):
        follower.take_checkpoint(signed(100).note, "late")
