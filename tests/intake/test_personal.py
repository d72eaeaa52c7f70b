"""Personal fields are sealed before the database and Kafka see them."""

from uuid import UUID

from govbus.contracts.personal import PersonKey, is_sealed, key_id_of, unseal
from govbus.intake.sealing import Sealer, load_key
from intake.desk import Desk

PLAIN = "Ms Miller of Springfield was turned down"
REPORTED = "dev.govbus.incident.reported.v1"


async def test_a_personal_text_leaves_sealed_and_opens_with_its_key_only(desk: Desk) -> None:
    mine = await desk.register()
    said = {"summary": "wrong refusals", "severity": "high", "account": PLAIN}
    assert (await desk.emit(mine, type=REPORTED, data=said)).status_code == 202
    (fact,) = await desk.facts()
    account = fact.json()["account"]
    assert PLAIN.encode() not in fact.data
    assert is_sealed(account)
    assert fact.json()["summary"] == "wrong refusals"
    async with desk.connection() as connection:
        query = "SELECT id, sealed_secret FROM person_key"
        kept = (await connection.exec_driver_sql(query)).one()
    secret = Sealer(load_key(desk.key_file)).open(kept.sealed_secret, f"person/{kept.id}")
    assert unseal(account, PersonKey(str(kept.id), secret)) == PLAIN
    assert UUID(key_id_of(account)) == kept.id


async def test_a_retry_of_a_fact_with_personal_text_is_a_duplicate(desk: Desk) -> None:
    mine = await desk.register()
    said = {"summary": "s", "severity": "low", "account": PLAIN}
    await desk.emit(mine, type=REPORTED, data=said)
    assert (await desk.emit(mine, type=REPORTED, data=said)).status_code == 200
    assert (await desk.emit(mine, type=REPORTED, data={**said, "account": "other"})).status_code == 409


async def test_a_personal_text_too_long_to_be_sealed_is_refused(desk: Desk) -> None:
    mine = await desk.register()
    said = {"summary": "s", "severity": "low", "account": "x" * 12_001}
    assert (await desk.emit(mine, type=REPORTED, data=said)).status_code == 413
    assert (await desk.emit(mine, type=REPORTED, data={**said, "account": "x" * 12_000})).status_code == 202


async def test_the_plain_text_is_in_no_table_after_the_event(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine, type=REPORTED, data={"summary": "s", "severity": "low", "account": PLAIN})
    await desk.emit(mine, type=REPORTED, data={"summary": "s", "severity": "x", "account": PLAIN})
    async with desk.connection() as connection:
        names = await connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for name in names.scalars().all():
            if name == "alembic_version":
                continue
            rows = await connection.exec_driver_sql(f"SELECT row_to_json(t)::text FROM {name} t")  # noqa: S608
            stored = "".join(rows.scalars())
            assert PLAIN not in stored, name
            assert PLAIN.encode().hex() not in stored, name
