"""The register says of each identity whose content was accepted, also when two transactions say it at once."""

import asyncio

from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.said import Draft, Said, read
from govbus.intake.domain.source import Source
from govbus.intake.store import register
from intake.desk import NOW, Desk

SOURCE = Source("mlflow-prod", "//mlflow-prod", "retail")
DEADLINE_SECONDS = 10.0


def draft(id_: str, purpose: str = "scores") -> Draft:
    """Return a registration of a model."""
    attributes = {
        "specversion": "1.0",
        "id": id_,
        "source": "//mlflow-prod",
        "type": "dev.govbus.model.registered.v1",
        "subject": "model/retail/credit-risk",
    }
    return read(Said(attributes, b'{"purpose":"%s"}' % purpose.encode()), NOW)


def unit(*drafts: Draft) -> Unit:
    """Return a unit of several facts, as a mapping makes them."""
    return Unit(Input("event", (), b"{}"), drafts=drafts)


async def admitted(desk: Desk, *units: Unit) -> list[str]:
    """Return what became of units that are admitted together."""
    outcomes = await desk.reception.take(SOURCE, units)
    return [outcome.refusal.reason if outcome.refusal else outcome.status for outcome in outcomes]


async def test_a_unit_refused_for_one_fact_leaves_none_of_its_others_registered(desk: Desk) -> None:
    assert await admitted(desk, unit(draft("a"))) == ["accepted"]
    assert await admitted(desk, unit(draft("b"), draft("a", "other"))) == ["id_reused"]
    assert await admitted(desk, unit(draft("b", "other"))) == ["accepted"]
    assert [fact.id for fact in await desk.facts()] == ["a", "b"]


async def test_what_a_refused_unit_said_first_is_accepted_of_the_unit_behind_it(desk: Desk) -> None:
    await admitted(desk, unit(draft("a")))
    together = (unit(draft("b"), draft("a", "other")), unit(draft("b", "other")), unit(draft("b")))
    assert await admitted(desk, *together) == ["id_reused", "accepted", "id_reused"]
    assert await admitted(desk, unit(draft("b", "other"))) == ["duplicate"]
    assert [fact.json()["purpose"] for fact in await desk.facts()] == ["scores", "other"]


async def test_the_second_of_two_transactions_waits_and_finds_what_the_first_registered(desk: Desk) -> None:
    first, second = {b"a" * 16: b"1" * 32, b"b" * 16: b"1" * 32}, {b"b" * 16: b"2" * 32, b"c" * 16: b"2" * 32}
    async with asyncio.timeout(DEADLINE_SECONDS), desk.connection() as one, desk.connection() as other:
        assert await register.claim(one, "lab", first, NOW) == {}
        waiting = asyncio.create_task(register.claim(other, "lab", second, NOW))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await one.commit()
        assert await waiting == {b"b" * 16: b"1" * 32}


async def test_what_a_transaction_claimed_is_free_again_when_it_fails(desk: Desk) -> None:
    claims = {b"a" * 16: b"1" * 32}
    async with desk.connection() as one, desk.connection() as other:
        await register.claim(one, "lab", claims, NOW)
        waiting = asyncio.create_task(register.claim(other, "lab", {b"a" * 16: b"2" * 32}, NOW))
        await asyncio.sleep(0.1)
        await one.rollback()
        assert await waiting == {}


async def test_of_two_requests_with_one_identity_and_different_subjects_one_is_accepted(desk: Desk) -> None:
    here, there = draft("a"), draft("a", "other")
    elsewhere = Draft(there.event.changed(subject="model/retail/other"), there.digest)
    statuses = await asyncio.gather(*(admitted(desk, unit(one)) for one in (here, elsewhere) * 4))
    assert (
        sorted(status for (status,) in statuses)
        == ["accepted", "duplicate", "duplicate", "duplicate"] + ["id_reused"] * 4
    )
    assert len(await desk.facts()) == 1
