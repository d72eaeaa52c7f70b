"""Places for copies outside: several at once, each on its own; what lies there is never replaced."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from audit_log.desk import Desk, event, settings
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.outside import CopyPlace, PlaceAway

BUCKET = "copies"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server of a package; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket there, with credentials in the environment as obstore takes them."""
    known = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hidden-word", "AWS_REGION": "us-east-1"}
    for name, value in {**known, "AWS_ENDPOINT_URL": s3, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    httpx2.put(f"{s3}/{BUCKET}").raise_for_status()
    return f"s3://{BUCKET}/{uuid4().hex}"


def note(size: int, root: str = "root") -> str:
    """Return something that looks like a checkpoint."""
    return f"log\n{size}\n{root}\n\n\u2014 log c2lnbmF0dXJl\n"


def files_below(folder: Path) -> list[str]:
    """Return the paths of all files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def _written_once(place: CopyPlace) -> None:
    assert await place.newest() is None
    for size in (9, 10, 70_000):
        await place.put(size, note(size))
    await place.put(10, note(10) + "\u2014 witness c2lnbmF0dXJl\n")
    assert await place.note(10) == note(10)
    assert await place.sizes(9) == [10, 70_000]
    assert await place.newest(70_000) == note(70_000)
    assert await place.newest(70_001) is None
    assert [size async for size, _ in place.notes()] == [9, 10, 70_000]
    with pytest.raises(Inconsistent, match="two histories"):
        await place.put(10, note(10, "another root"))


async def test_a_folder_is_written_once(tmp_path: Path) -> None:
    await _written_once(CopyPlace((tmp_path / "a b").as_uri()))
    assert files_below(tmp_path) == [f"a b/checkpoints/{size:020d}" for size in (9, 10, 70_000)]


async def test_a_bucket_is_written_once(bucket: str) -> None:
    await _written_once(CopyPlace(bucket))


async def test_a_bucket_that_is_not_there_is_named_without_what_opens_it(bucket: str) -> None:
    with pytest.raises(PlaceAway) as raised:
        await CopyPlace(bucket.replace(BUCKET, "absent")).put(1, note(1))
    assert str(raised.value).startswith("s3://absent/")
    assert "hidden-word" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/x", "s3://user:word@bucket/x", "az://a/b?sig=word", "/plain/path", "file:///x#y"]
)
def test_a_place_that_names_a_secret_or_no_store_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match="place for copies"):
        settings("postgresql+asyncpg://x@localhost/x", tmp_path, audit_log_copies=(url,))


async def _places(desk: Desk) -> dict[str, dict[str, Any]]:
    found = (await desk.get("/v1/log/places", "viewer")).json()["items"]
    return {item["place"]: item for item in found}


async def test_one_place_away_holds_up_no_other_and_is_served_when_it_is_back(
    log_dsn: str, tmp_path: Path, bucket: str
) -> None:
    away, here = (tmp_path / "away"), (tmp_path / "here")
    away.write_text("a file where a folder is to be")
    urls = (here.as_uri(), away.as_uri(), bucket)
    desk = Desk(settings(log_dsn, tmp_path, audit_log_copies=urls))
    await desk.sign()
    await desk.enter(event("a"))
    await desk.sign()
    with pytest.raises(PlaceAway, match="away"):
        await desk.do("copy")
    places = await _places(desk)
    assert {name: item["size"] for name, item in places.items()} == {
        "topic": 0, here.as_uri(): 1, away.as_uri(): 0, bucket: 1,
    }  # fmt: skip
    assert places[away.as_uri()]["behind_seconds"] > 0 == places[bucket]["behind_seconds"]
    assert (await desk.get("/v1/log/entries/0", "viewer")).json()["state"] == "published"
    metrics = (await desk.get("/metrics")).text
    assert f'govbus_log_place_size_entries{{place="{bucket}"}} 1.0' in metrics
    assert f'govbus_log_place_behind_seconds{{place="{here.as_uri()}"}} 0.0' in metrics
    away.unlink()
    await desk.do("copy")
    assert {item["size"] for name, item in (await _places(desk)).items() if name != "topic"} == {1}
    assert desk.service.refusal is None
    await desk.close()


async def test_a_log_starts_without_a_place_that_is_away_and_stops_when_that_is_ahead(
    log_dsn: str, tmp_path: Path, s3: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = CopyPlace(f"{bucket}/ahead")
    desk = Desk(settings(log_dsn, tmp_path))
    await desk.sign()
    await desk.enter(event("a"))
    await desk.sign()
    await ahead.put(1, (await desk.get("/v1/log/checkpoint")).text)
    await desk.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    urls = (tmp_path.as_uri(), f"{bucket}/ahead")
    again = Desk(settings(log_dsn, tmp_path, audit_log_copies=urls))
    await again.sign()
    again.record(event("a"))  # offset 0 was read before the restart
    await again.enter(event("b"))
    assert again.service.refusal is None
    with pytest.raises(PlaceAway):
        await again.do("copy")
    await again.close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    await CopyPlace(f"{bucket}/ahead").put(5, note(5))
    third = Desk(settings(log_dsn, tmp_path, audit_log_copies=urls))
    await third.sign()
    assert f"{bucket}/ahead is not of this log and its keys" in str(third.service.refusal)
    await third.close()


async def test_copies_that_were_removed_are_made_again_at_the_next_start(
    desk: Desk, log_dsn: str, tmp_path: Path
) -> None:
    await desk.enter(event("a"))
    await desk.sign()
    await desk.do("copy")
    shutil.rmtree(tmp_path / "data" / "checkpoints")
    again = Desk(settings(log_dsn, tmp_path))
    await again.sign()
    assert again.service.refusal is None
    await again.do("copy")
    assert files_below(tmp_path / "data" / "checkpoints") == [f"{1:020d}"]
    await again.close()


async def test_a_copy_waits_for_the_topic_but_not_for_ever(log_dsn: str, tmp_path: Path) -> None:
    patient = Desk(settings(log_dsn, tmp_path, audit_log_copies_after_topic_seconds=45))
    await patient.sign()
    await patient.enter(event("a"))
    await patient.sign()
    await patient.do("copy")
    assert files_below(tmp_path / "data" / "checkpoints") == []
    assert (await patient.get("/v1/log/entries/0", "viewer")).json()["state"] == "integrated"
    hasty = Desk(settings(log_dsn, tmp_path))
    await hasty.sign()
    await hasty.do("copy")
    assert files_below(tmp_path / "data" / "checkpoints") == [f"{1:020d}"]
    for desk in (patient, hasty):
        await desk.close()
