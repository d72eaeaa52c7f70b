"""The spool file: what it keeps, what it refuses to keep, and who may share it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govbus.sdk.failures import SpoolFull, SpoolUnusable
from govbus.sdk.spool.file import SpoolFile
from govbus.sdk.spool.place import spool_folder, spool_name, spools_in
from govbus.sdk.spool.rows import Limits, Owner, Refusal, Said, Standing
from govbus.sdk.spool.turn import Turn

OWNER = Owner("http://govbus.example", "//demo/platform")
PROBLEM = {"type": "https://govbus.dev/problems/contract-broken", "title": "Broken", "status": 422}


def said(id_: str, body: bytes = b"{}") -> Said:
    return Said(id_, OWNER.source, "dev.govbus.model.registered.v1", "model/demo/churn", body)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "demo.sqlite3"


@pytest.fixture
def spool(path: Path) -> Iterator[SpoolFile]:
    opened = SpoolFile(path, OWNER, Limits(rows_count=3, body_bytes=1000))
    yield opened
    opened.close()


def ids(spool: SpoolFile) -> list[str]:
    return [event.id for event in spool.oldest(1000, 10**9)]


def test_what_was_appended_is_there_in_order_after_it_was_opened_again(path: Path, spool: SpoolFile) -> None:
    positions = [spool.append(said(id_)) for id_ in "abc"]
    spool.close()
    again = SpoolFile(path)
    assert ids(again) == ["a", "b", "c"]
    assert positions == sorted(positions)
    assert again.owner == OWNER
    again.close()


def test_a_commit_is_synced_to_the_disk_and_the_file_is_its_owners_alone(path: Path, spool: SpoolFile) -> None:
    spool.append(said("a"))
    with spool._using() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    files = sorted(path.parent.iterdir())
    assert {file.name for file in files} >= {"demo.sqlite3", "demo.sqlite3-wal"}
    assert {file.stat().st_mode & 0o077 for file in (path.parent, *files)} == {0}


def test_a_full_spool_refuses_the_next_event_and_keeps_all_others(spool: SpoolFile) -> None:
    for id_ in "abc":
        spool.append(said(id_))
    with pytest.raises(SpoolFull, match=r"3 events of 6 bytes, at most 3 .*was not kept, all others are"):
        spool.append(said("d"))
    spool.settle([spool.oldest(1, 1)[0].position], [])
    spool.append(said("d"))
    assert ids(spool) == ["b", "c", "d"]


def test_bytes_are_bounded_too(spool: SpoolFile) -> None:
    spool.append(said("a", b"x" * 600))
    with pytest.raises(SpoolFull):
        spool.append(said("b", b"x" * 401))
    spool.append(said("c", b"x" * 400))
    assert spool.status().body_bytes == 1000


def test_refused_events_keep_their_room_until_they_are_retried_or_discarded(spool: SpoolFile) -> None:
    first, second, third = (spool.append(said(id_)) for id_ in "abc")
    spool.settle([second], [Refusal(first, 422, PROBLEM), Refusal(third, 422, PROBLEM)])
    assert [(event.said.id, event.problem) for event in spool.refused()] == [("a", PROBLEM), ("c", PROBLEM)]
    spool.append(said("d"))
    with pytest.raises(SpoolFull, match="govbus spool refused"):
        spool.append(said("e"))
    assert spool.retry([first, 99]) == 1
    assert ids(spool) == ["d", "a"]
    assert spool.discard([third, first]) == 1
    spool.append(said("e"))
    assert ids(spool) == ["d", "a", "e"]
    assert (spool.refused(), spool.status().refused_count) == ([], 0)


def test_settling_twice_frees_the_room_once(spool: SpoolFile) -> None:
    position = spool.append(said("a", b"x" * 900))
    spool.append(said("b"))
    spool.settle([position], [])
    spool.settle([position], [Refusal(position, 422, PROBLEM)])
    assert (spool.status().body_bytes, spool.status().refused_count) == (2, 0)


def test_what_was_sent_cannot_be_read_in_the_file_any_more(path: Path, spool: SpoolFile) -> None:
    position = spool.append(said("a", b'{"concern": "Quetzalcoatl was angry"}'))
    spool.settle([position], [])
    spool.close()
    assert b"Quetzalcoatl" not in path.read_bytes()


def test_a_batch_is_bounded_by_events_and_bytes_but_never_empty_while_something_waits(spool: SpoolFile) -> None:
    for id_ in "abc":
        spool.append(said(id_, b"x" * 300))
    assert [len(spool.oldest(*bounds)) for bounds in [(2, 9999), (9, 600), (9, 599), (9, 1)]] == [2, 2, 1, 1]


def test_a_spool_belongs_to_one_source_and_one_govbus(path: Path, spool: SpoolFile) -> None:
    spool.append(said("a"))
    for other in (Owner(OWNER.url, "//other"), Owner("http://elsewhere.example", OWNER.source)):
        with pytest.raises(SpoolUnusable, match="a spool of its own"):
            _ = SpoolFile(path, other).owner


def test_a_file_that_is_no_spool_is_left_alone_and_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite3"
    content = b"no database at all, but long enough to be looked at" * 20
    file.write_bytes(content)
    with pytest.raises(SpoolUnusable, match=r"notes\.sqlite3: it is not a spool"):
        SpoolFile(file, OWNER).append(said("a"))
    assert file.read_bytes() == content


@pytest.mark.parametrize("version", [0, 7])
def test_a_database_of_somebody_else_is_left_alone_and_named(tmp_path: Path, version: int) -> None:
    file = tmp_path / "app.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE customers (name)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(SpoolUnusable, match="not a spool of this version"):
        SpoolFile(file, OWNER).append(said("a"))


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolUnusable, match=r"check its rights, or set GOVBUS_SPOOL"):
        SpoolFile(tmp_path / "file" / "demo.sqlite3", OWNER).append(said("a"))
    with pytest.raises(SpoolUnusable, match="there is no such spool"):
        SpoolFile(tmp_path / "nowhere.sqlite3").status()


def test_a_full_disk_loses_nothing_that_was_accepted(path: Path) -> None:
    spool = SpoolFile(path, OWNER)
    kept: list[str] = []

    def append_all() -> None:
        for number in range(100):
            spool.append(said(str(number), b"x" * 4000))
            kept.append(str(number))

    with spool._using() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(SpoolUnusable, match="the disk is full: make room"):
        append_all()
    assert kept
    assert ids(spool) == kept
    spool.close()


def test_how_sending_goes_is_written_down_for_other_processes(path: Path, spool: SpoolFile) -> None:
    assert spool.status().standing is None
    spool.note(Standing("waiting", "401: no such credential"))
    other = SpoolFile(path)
    assert other.status().standing == Standing("waiting", "401: no such credential")
    other.close()


def test_one_emitter_at_a_time_has_the_turn_and_a_process_that_dies_gives_it_back(path: Path, spool: SpoolFile) -> None:
    spool.append(said("a"))
    script = (
        "import sys, pathlib, time; from govbus.sdk.spool.turn import Turn\n"
        "with Turn(pathlib.Path(sys.argv[1])).taken() as ours:\n"
        "    print(ours, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with Turn(path).taken() as ours:
            assert not ours
        other.kill()
        other.wait()
    with Turn(path).taken() as ours, Turn(path).taken() as also:
        assert (ours, also) == (True, False)
    with Turn(path).taken() as ours:
        assert ours


def test_many_processes_append_to_one_new_spool_and_every_event_is_there(path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from govbus.sdk.spool.file import SpoolFile; from govbus.sdk.spool.rows import Owner, Said\n"
        "spool = SpoolFile(pathlib.Path(sys.argv[1]), Owner('http://govbus.example', '//demo/platform'))\n"
        "for number in range(50): spool.append(Said(f'{sys.argv[2]}-{number}', '//demo/platform', 't', 's', b'{}'))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abcd"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0, 0]
    spool = SpoolFile(path)
    found = ids(spool)
    spool.close()
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abcd" for number in range(50))
    for name in "abcd":
        own = [id_ for id_ in found if id_.startswith(name)]
        assert own == [f"{name}-{number}" for number in range(50)]


def test_where_spools_lie() -> None:
    assert spool_folder({"GOVBUS_SPOOL": "/var/spool/govbus"}) == Path("/var/spool/govbus")
    assert spool_folder({"XDG_STATE_HOME": "/state"}, "linux") == Path("/state/govbus/spool")
    assert spool_folder({"HOME": "/h"}, "linux") == Path("/h/.local/state/govbus/spool")
    assert spool_folder({"HOME": "/h"}, "darwin") == Path("/h/Library/Application Support/govbus/spool")


@settings(max_examples=50)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_spools_name_is_a_file_name_of_its_own_for_each_source_and_govbus(source: str, other: str) -> None:
    name = spool_name("http://a", source)
    assert Path(name).name == name
    assert len(name) < 64
    assert (name == spool_name("http://a", other)) == (source == other)
    assert name != spool_name("http://b", source)


def test_all_spools_of_a_folder_are_found_without_their_side_files(path: Path, spool: SpoolFile) -> None:
    assert spools_in(path.parent) == []
    spool.append(said("a"))
    with Turn(path).taken():
        assert spools_in(path.parent) == [path]
