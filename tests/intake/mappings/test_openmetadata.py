"""OpenMetadata: metadata versions that are decimal numbers, and a model's version that is none of them."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal, units

FQN = "prod.sales.públic.customers"
SUBJECT = "dataset/retail/prod.sales.p%C3%BAblic.customers"
COLUMNS = [{"name": "id", "dataType": "BIGINT"}, {"name": "courriel", "dataType": "VARCHAR"}]


def event(kind: str, entity_type: str = "table", changes: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a change event."""
    return {
        "id": "e1",
        "eventType": kind,
        "entityType": entity_type,
        "entityId": "123e4567",
        "entityFullyQualifiedName": FQN,
        "currentVersion": 0.2,
        "userName": "admin",
        "timestamp": 1705320000000,
        "changeDescription": changes,
        **fields,
    }


def without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a payload that lacks one field."""
    return {key: value for key, value in sent.items() if key != name}


def updated(name: str, value: Any, **fields: Any) -> dict[str, Any]:
    """Return the event of one updated field."""
    changes = {"fieldsAdded": [], "fieldsUpdated": [{"name": name, "newValue": value}], "fieldsDeleted": []}
    return event("entityUpdated", changes=changes, **fields)


def test_a_created_table_is_a_data_set_and_its_columns_a_version() -> None:
    owners = [{"type": "team", "name": "dwh"}]
    entity = {"name": "customers", "description": "Clients", "columns": COLUMNS, "owners": owners}
    registered, version, owner = facts("openmetadata", event("entityCreated", entity=entity))
    assert registered == (
        "dataset.registered",
        SUBJECT,
        {"name": "customers", "description": "Clients", "external_id": "123e4567"},
    )
    assert version[2]["columns"] == [{"name": "id", "type": "BIGINT"}, {"name": "courriel", "type": "VARCHAR"}]
    assert owner == ("ownership.assigned", SUBJECT, {"owner": "team/dwh", "assigned_by": "admin"})


def test_an_entity_that_is_json_in_a_text_is_the_same() -> None:
    entity = {"name": "customers", "columns": COLUMNS}
    assert facts("openmetadata", event("entityCreated", entity=json.dumps(entity))) == facts(
        "openmetadata", event("entityCreated", entity=entity)
    )


@pytest.mark.parametrize(("written", "version"), [("0.2", "0.2"), ("0.10", "0.1"), ("1.0", "1.0"), ("3", "3")])
def test_a_version_is_the_text_of_its_number_so_that_a_tenth_is_a_first(written: str, version: str) -> None:
    raw = json.dumps(event("entityCreated", entity={"name": "t"}, currentVersion="V")).replace('"V"', written).encode()
    assert facts("openmetadata", raw)[1][2]["version"] == version


def test_a_changed_structure_is_a_version() -> None:
    changes = {"fieldsAdded": [{"name": "columns", "newValue": "[]"}], "fieldsUpdated": [], "fieldsDeleted": []}
    ((type_, _, data),) = facts("openmetadata", event("entityUpdated", changes=changes))
    assert (type_, data["version"]) == ("dataset.version_created", "0.2")


def test_a_changed_description_is_the_newest_statement() -> None:
    ((type_, _, data),) = facts("openmetadata", updated("description", "Nouveau"))
    assert (type_, data["description"]) == ("dataset.registered", "Nouveau")


@pytest.mark.parametrize(
    "value",
    [
        {"type": "team", "name": "dwh"},
        [{"type": "team", "name": "dwh"}],
        '[{"type": "team", "name": "dwh"}]',
    ],
)
def test_a_new_owner_answers_however_it_is_written(value: Any) -> None:
    ((type_, _, data),) = facts("openmetadata", updated("owners", value))
    assert (type_, data["owner"]) == ("ownership.assigned", "team/dwh")


@pytest.mark.parametrize(
    "sent", [updated("owners", None), updated("tags", [{"tagFQN": "PII"}]), event("entityDeleted")]
)
def test_tags_removed_owners_and_deleted_tables_are_reported(sent: dict[str, Any]) -> None:
    ((type_, subject, _),) = facts("openmetadata", sent)
    assert (type_, subject) == ("platform.reported", SUBJECT)


@pytest.mark.parametrize("kind", ["entityNoChange", "userLogin", "somethingNew"])
def test_unknown_kinds_and_entities_are_reported(kind: str) -> None:
    ((type_, subject, data),) = facts("openmetadata", event(kind, "user", entityFullyQualifiedName="jane"))
    assert (type_, subject, data["kind"]) == ("platform.reported", "external/openmetadata/123e4567", kind)


def test_the_version_of_a_models_metadata_is_no_version_of_the_model() -> None:
    model = {"name": "reco", "fullyQualifiedName": "sm.reco", "description": "d", "algorithm": "ALS", "version": 0.3}
    found = facts("openmetadata", event("entityCreated", "mlmodel", entity=model, entityFullyQualifiedName="sm.reco"))
    assert found == [("model.registered", "model/retail/sm.reco", {"description": "d", "tags": {"algorithm": "ALS"}})]
    assert facts("openmetadata", model)[0][:2] == ("model.registered", "model/retail/sm.reco")


def test_a_deleted_model_is_retired() -> None:
    assert facts("openmetadata", event("entitySoftDeleted", "mlmodel"))[0][0] == "model.retired"


@pytest.mark.parametrize(
    ("status", "type_", "outcome"),
    [
        ("Success", "dataset.checked", "passed"),
        ("Failed", "dataset.checked", "failed"),
        ("Aborted", "dataset.checked", "errored"),
        ("Queued", "platform.reported", None),
    ],
)
def test_a_test_case_that_ran_checks_its_table(status: str, type_: str, outcome: str | None) -> None:
    case = {"entityLink": "<#E::table::prod.sales.t::columns::id>", "fullyQualifiedName": "prod.sales.t.id.not_null"}
    sent = updated("testCaseResult", {"testCaseStatus": status}, entity_type="testCase", entity=case)
    ((found, subject, data),) = facts("openmetadata", sent)
    assert (found, data.get("outcome")) == (type_, outcome)
    assert outcome is None or subject == "dataset/retail/prod.sales.t"


def test_a_batch_is_as_many_deliveries() -> None:
    assert len(units("openmetadata", {"data": [event("entityDeleted"), event("entityDeleted", id="e2")]})) == 2


def test_milliseconds_since_1970_are_read() -> None:
    (draft,) = read("openmetadata", event("entityDeleted")).drafts
    assert draft.event.time.isoformat() == "2024-01-15T12:00:00+00:00"


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        (event("entityDeleted", entityFullyQualifiedName=None), None),
        (without(event("entityCreated", "mlmodel"), "entityFullyQualifiedName"), None),
        ({"name": "x", "columns": []}, ["/fullyQualifiedName"]),
        ({"data": []}, []),
        (event("entityDeleted", timestamp="noon"), []),
        ({"hello": "world"}, ["/fullyQualifiedName"]),
        (updated("description", 7, currentVersion=None), None),
    ],
)
def test_what_is_missing_is_named(sent: Any, pointers: list[str] | None) -> None:
    if pointers is None:
        assert facts("openmetadata", sent)[0][0] == "platform.reported"
    else:
        assert refusal("openmetadata", sent) == ("mapping_failed", pointers)


def test_a_column_says_whether_it_may_be_empty() -> None:
    columns = [{"name": "id", "constraint": "PRIMARY_KEY"}, {"name": "x", "constraint": "NULL"}, {"name": "y"}]
    _, (_, _, version) = facts("openmetadata", event("entityCreated", entity={"columns": columns}))
    assert version["columns"] == [{"name": "id", "nullable": False}, {"name": "x", "nullable": True}, {"name": "y"}]


def test_a_check_names_its_column_and_what_it_found() -> None:
    case = {"fullyQualifiedName": "t", "entityLink": f"<#E::table::{FQN}::columns::courriel>"}
    result = {"testCaseStatus": "Failed", "result": "3 à vide"}
    sent = updated("testCaseResult", result, entity_type="testCase", entity=case)
    ((_, subject, data),) = facts("openmetadata", sent)
    assert subject == SUBJECT
    assert data["checks"] == [{"name": "t", "outcome": "failed", "column": "courriel", "detail": "3 à vide"}]


def test_a_table_without_a_name_is_reported_under_its_id() -> None:
    sent = without(updated("description", "prêts"), "entityFullyQualifiedName")
    ((type_, subject, _),) = facts("openmetadata", sent)
    assert (type_, subject) == ("platform.reported", "external/openmetadata/123e4567")


def test_a_thread_without_a_name_is_reported() -> None:
    sent = event("threadCreated", "THREAD", entity={"about": "x"}, entityFullyQualifiedName=None)
    ((type_, subject, _),) = facts("openmetadata", sent)
    assert (type_, subject) == ("platform.reported", "external/openmetadata/123e4567")


def test_who_a_user_is_is_not_kept() -> None:
    sent = event("entityCreated", "user", entity={"name": "ada", "email": "ada@example.org"})
    ((type_, subject, data),) = facts("openmetadata", {**sent, "entityFullyQualifiedName": "ada"})
    assert (type_, subject) == ("platform.reported", "external/openmetadata/123e4567")
    assert "payload" not in data


def test_a_restored_model_is_registered() -> None:
    assert facts("openmetadata", event("entityRestored", "mlmodel", entity={}))[0][0] == "model.registered"


def test_an_owner_without_a_name_has_an_id_and_a_tag_without_a_name_is_left_out() -> None:
    entity = {"owners": [{"type": "user", "id": "u1"}, {"type": "user"}], "tags": [{"tagFQN": None}, {"tagFQN": "A.b"}]}
    (_, _, model), (_, _, owner) = facts("openmetadata", event("entityCreated", "mlmodel", entity=entity))
    assert (model["tags"], owner["owner"]) == ({"tags": "A.b"}, "u1")
