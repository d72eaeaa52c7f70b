"""OpenLineage: what a run wrote, what its assertions found, and when neither is true yet."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal, units

RUN_ID = "0198f0a0-0000-7000-8000-000000000001"
LOANS = {"namespace": "s3://lake", "name": "curated/prêts 信用"}
LOANS_SUBJECT = "dataset/retail/s3:%2F%2Flake%2Fcurated%2Fpr%C3%AAts%20%E4%BF%A1%E7%94%A8"


def run(state: str | None = "COMPLETE", **members: Any) -> dict[str, Any]:
    """Return a run event."""
    event = {
        "eventType": state,
        "eventTime": "2026-11-23T11:00:00Z",
        "run": {"runId": RUN_ID},
        "job": {"namespace": "mlops", "name": "curate"},
        "producer": "https://example.org/p",
        **members,
    }
    return {key: value for key, value in event.items() if value is not None}


def asserted(*successes: bool | None, place: str = "inputFacets", **fields: Any) -> dict[str, Any]:
    """Return a data set with assertions."""
    assertions = [{"assertion": "not_null", "success": success, "column": "age", **fields} for success in successes]
    return {**LOANS, place: {"dataQualityAssertions": {"assertions": assertions}}}


def types_of(sent: Any) -> list[str]:
    """Return the types of the facts in a payload."""
    return [type_ for type_, _, _ in facts("openlineage", sent)]


def test_an_output_is_a_version_with_its_inputs_as_lineage() -> None:
    versioned = {**LOANS, "facets": {"version": {"datasetVersion": "v42"}}}
    sent = run(inputs=[versioned], outputs=[{"namespace": "db", "name": "t"}])
    assert facts("openlineage", sent) == [
        (
            "dataset.version_created",
            "dataset/retail/db%2Ft",
            {
                "version": RUN_ID,
                "inputs": [{"dataset": "s3://lake/curated/prêts 信用", "version": "v42"}],
                "transformation": {"job": "mlops/curate", "run_id": RUN_ID, "producer": "https://example.org/p"},
            },
        )
    ]


def test_columns_rows_and_bytes_of_an_output_are_kept() -> None:
    output = {
        **LOANS,
        "facets": {"schema": {"fields": [{"name": "âge", "type": "int"}, {"name": "sex", "description": "protected"}]}},
        "outputFacets": {"outputStatistics": {"rowCount": 2000, "size": 123456789012345}},
    }
    ((_, subject, data),) = facts("openlineage", run(outputs=[output]))
    assert subject == LOANS_SUBJECT
    assert data["columns"] == [{"name": "âge", "type": "int"}, {"name": "sex", "description": "protected"}]
    assert (data["rows_count"], data["size_bytes"]) == (2000, 123456789012345)


@pytest.mark.parametrize(
    ("data_set", "outcome"),
    [
        (asserted(True, True), "passed"),
        (asserted(True, False), "failed"),
        (asserted(True, False, place="facets"), "failed"),
        (asserted(False, severity="warn"), "passed"),
        (asserted(), "nothing_ran"),
        (asserted(None), "nothing_ran"),
    ],
)
def test_assertions_are_a_check_and_none_at_all_is_no_pass(data_set: dict[str, Any], outcome: str) -> None:
    ((type_, subject, data),) = facts("openlineage", run(inputs=[data_set]))
    assert (type_, subject, data["outcome"]) == ("dataset.checked", LOANS_SUBJECT, outcome)


def test_each_assertion_has_an_outcome_of_its_own() -> None:
    ((_, _, data),) = facts("openlineage", run(inputs=[asserted(True, False, None)]))
    assert [check["outcome"] for check in data["checks"]] == ["passed", "failed", "no_verdict"]
    assert data["checks_count"] == 3


def test_a_failed_run_wrote_nothing_but_its_assertions_ran() -> None:
    sent = run("FAIL", inputs=[asserted(False)], outputs=[LOANS])
    assert types_of(sent) == ["dataset.checked", "platform.reported"]


@pytest.mark.parametrize("state", ["START", "RUNNING", "OTHER", "NEW_STATE", None])
def test_what_has_only_started_checked_and_wrote_nothing(state: str | None) -> None:
    sent = run(state, inputs=[asserted(True)], outputs=[LOANS])
    ((type_, subject, data),) = facts("openlineage", sent)
    assert (type_, subject) == ("platform.reported", "external/openlineage/mlops%2Fcurate")
    assert data["kind"] == f"run.{(state or 'OTHER').lower()}"


def test_a_plan_that_no_fact_has_room_for_stays_out() -> None:
    facets = {"spark.logicalPlan": {"plan": "é" * 300_000}}
    ((_, _, data),) = facts("openlineage", run("START", run={"runId": RUN_ID, "facets": facets}))
    assert "payload" not in data
    assert facts("openlineage", run("START"))[0][2]["payload"]["run"] == {"runId": RUN_ID}


def test_a_completed_run_without_data_is_reported() -> None:
    assert types_of(run()) == ["platform.reported"]
    assert types_of(run(inputs=None, outputs=None)) == ["platform.reported"]


def test_a_described_job_is_reported() -> None:
    sent = {key: value for key, value in run().items() if key not in {"run", "eventType"}}
    assert facts("openlineage", sent)[0][2]["kind"] == "job"


def test_a_described_data_set_is_registered_with_version_and_owners() -> None:
    described = {
        **LOANS,
        "facets": {
            "documentation": {"description": "Demandes de prêt"},
            "version": {"datasetVersion": "7"},
            "ownership": {"owners": [{"name": "team:data"}, {"name": "application:etl"}]},
        },
    }
    found = facts("openlineage", {"eventTime": "2026-11-23T11:00:00Z", "dataset": described})
    assert [type_ for type_, _, _ in found] == [
        "dataset.registered",
        "dataset.version_created",
        "ownership.assigned",
        "ownership.assigned",
    ]
    assert found[0][2]["description"] == "Demandes de prêt"
    assert [data["owner"] for _, _, data in found[2:]] == ["team/data", "application:etl"]


def test_a_path_longer_than_an_id_is_registered_all_the_same() -> None:
    described = {"namespace": "s3://lake", "name": "p/" * 300}
    ((type_, _, data),) = facts("openlineage", {"eventTime": "2026-11-23T11:00:00Z", "dataset": described})
    assert (type_, "external_id" in data, len(data["name"])) == ("dataset.registered", False, 512)


def test_a_dropped_data_set_is_not_registered() -> None:
    dropped = {**LOANS, "facets": {"lifecycleStateChange": {"lifecycleStateChange": "DROP"}}}
    assert types_of({"eventTime": "2026-11-23T11:00:00Z", "dataset": dropped}) == ["platform.reported"]


def test_a_list_is_as_many_deliveries() -> None:
    assert len(units("openlineage", [run("START"), run()])) == 2


def test_a_time_without_zone_is_utc() -> None:
    (draft,) = read("openlineage", run(eventTime="2021-11-03T10:53:52.427343")).drafts
    assert draft.event.time.isoformat() == "2021-11-03T10:53:52.427343+00:00"


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ({**run(), "run": {}}, ["/run/runId"]),
        ({**run("START"), "run": {}}, ["/run/runId"]),
        ({**run("START"), "run": None}, ["/run/runId"]),
        ({key: value for key, value in run().items() if key != "eventTime"}, ["/eventTime"]),
        ({**run("START"), "job": {"name": "x"}}, ["/job/namespace"]),
        (run(outputs=[{"name": "t"}]), ["/my/written/0/namespace"]),
    ],
)
def test_what_is_missing_is_named(sent: Any, pointers: list[str]) -> None:
    assert refusal("openlineage", sent) == ("mapping_failed", pointers)


@pytest.mark.parametrize(
    "sent",
    [
        run(outputs=[{"namespace": "db", "name": 7}]),
        run(outputs=[None]),
        run(outputs="t"),
        run(inputs=[{**LOANS, "inputFacets": {"dataQualityAssertions": {"assertions": [{"success": True}]}}}]),
        run(outputs=[{**LOANS, "outputFacets": {"outputStatistics": {"rowCount": 10**30}}}]),
        run(outputs=[{**LOANS, "outputFacets": {"outputStatistics": {"rowCount": -1}}}]),
    ],
)
def test_hostile_values_are_refused(sent: Any) -> None:
    assert refusal("openlineage", sent)[0] == "mapping_failed"


@pytest.mark.parametrize(
    "absent", [{"facets": None}, {"inputFacets": None, "facets": {}}, {"facets": {"schema": None}}]
)
def test_facets_that_are_null_are_absent(absent: dict[str, Any]) -> None:
    sent = run(inputs=[{**LOANS, **absent}], outputs=[{**LOANS, **absent}], inputs2=None)
    assert types_of(sent) == ["dataset.version_created"]


def test_a_data_set_that_a_run_dropped_has_no_version_of_it() -> None:
    dropped = {**LOANS, "facets": {"lifecycleStateChange": {"lifecycleStateChange": "DROP"}}}
    assert types_of(run(outputs=[dropped])) == ["platform.reported"]
    assert types_of(run(outputs=[dropped, {"namespace": "db", "name": "t"}])) == ["dataset.version_created"]


@pytest.mark.parametrize("state", ["FAIL", "ABORT"])
def test_checks_of_a_run_that_failed_are_no_pass(state: str) -> None:
    (_, _, data), _ = facts("openlineage", run(state, inputs=[asserted(True)]))
    assert data["outcome"] == "errored"


def test_a_check_without_a_verdict_among_others_is_no_pass() -> None:
    ((_, _, data),) = facts("openlineage", run(inputs=[asserted(True, None)]))
    assert data["outcome"] == "errored"


def test_assertions_in_both_places_count_together() -> None:
    failed = {"dataQualityAssertions": {"assertions": [{"assertion": "unique", "success": False}]}}
    ((_, _, data),) = facts("openlineage", run(inputs=[{**asserted(True), "facets": failed}]))
    assert (data["outcome"], data["checks_count"]) == ("failed", 2)


def test_versions_and_counts_are_read_whatever_type_their_numbers_have() -> None:
    output = {
        **LOANS,
        "facets": {"version": {"datasetVersion": 7}},
        "outputFacets": {"outputStatistics": {"rowCount": 10.0, "size": None}},
    }
    ((_, _, data),) = facts("openlineage", run(outputs=[output]))
    assert (data["version"], data["rows_count"], "size_bytes" in data) == ("7", 10, False)


def test_a_job_with_a_long_name_is_no_reason_to_lose_a_version() -> None:
    sent = run(outputs=[LOANS], job={"namespace": "mlops", "name": "é" * 600})
    assert len(facts("openlineage", sent)[0][2]["transformation"]["job"]) == 512
