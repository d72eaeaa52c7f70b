"""dbt: each test has its own outcome, no tests are no pass, and what failed to build is no version."""

from typing import Any

import pytest

from intake.mappings.reading import facts, refusal

STATED = {"subject": "dataset/retail/warehouse", "version": "2026-11-23"}


def results(*found: dict[str, Any], which: str = "test") -> dict[str, Any]:
    """Return a run_results.json."""
    return {
        "metadata": {
            "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
            "dbt_version": "1.8.2",
            "generated_at": "2024-12-17T10:03:24.864228Z",
            "invocation_id": "inv-1",
            "env": {},
        },
        "results": list(found),
        "elapsed_time": 3.7,
        "args": {"which": which},
    }


def result_of(name: str, status: str | None, **fields: Any) -> dict[str, Any]:
    """Return the result of one dbt test."""
    return {"unique_id": f"test.shop.{name}", "status": status, "failures": None, "message": None, **fields}


def table(name: str, status: str, kind: str = "model") -> dict[str, Any]:
    """Return the result of building one table."""
    return {"unique_id": f"{kind}.shop.{name}", "status": status, "failures": None, "message": "OK"}


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["pass", "pass"], "passed"),
        (["pass", "warn"], "passed"),
        (["pass", "fail"], "failed"),
        (["fail", "error"], "failed"),
        (["pass", "error"], "errored"),
        (["pass", "runtime error"], "errored"),
        (["skipped", "skipped"], "nothing_ran"),
        (["pass", "skipped"], "passed"),
        (["pass", "no-op"], "errored"),
        (["pass", None], "errored"),
        (["success"], "nothing_ran"),
        ([], "nothing_ran"),
    ],
)
def test_the_outcome_is_that_of_all_tests_and_none_is_no_pass(statuses: list[str | None], outcome: str) -> None:
    sent = results(*(result_of(f"t{place}", status) for place, status in enumerate(statuses)))
    ((type_, subject, data),) = facts("dbt", sent, stated=STATED)
    assert (type_, subject, data["outcome"]) == ("dataset.checked", "dataset/retail/warehouse", outcome)
    assert data["checks_count"] == len(statuses)


def test_a_failing_test_says_how_often_and_why() -> None:
    message = "Got 78 results, configured to fail if != 0: é"
    ((_, _, data),) = facts("dbt", results(result_of("not_null", "fail", failures=78, message=message)), stated=STATED)
    (check,) = data["checks"]
    assert (check["outcome"], check["value"], check["unit"], check["detail"]) == ("failed", 78.0, "failures", message)


def test_a_message_longer_than_a_fact_takes_is_cut() -> None:
    ((_, _, data),) = facts("dbt", results(result_of("t", "error", message="x" * 20_000)), stated=STATED)
    assert len(data["checks"][0]["detail"]) == 16_384


def test_only_what_was_built_is_a_version() -> None:
    sent = results(
        table("a", "success"), table("b", "error"), table("c", "skipped"), table("d", "success", "seed"), which="run"
    )
    found = [(type_, subject, data.get("kind")) for type_, subject, data in facts("dbt", sent)]
    assert found == [
        ("dataset.version_created", "dataset/retail/shop.a", None),
        ("dataset.version_created", "dataset/retail/shop.d", None),
        ("platform.reported", "external/dbt/shop.b", "run.error"),
        ("platform.reported", "external/dbt/shop.c", "run.skipped"),
    ]


def test_a_build_checks_and_makes() -> None:
    sent = results(table("a", "success"), result_of("t", "pass"), which="build")
    assert [type_ for type_, _, _ in facts("dbt", sent, stated=STATED)] == [
        "dataset.checked",
        "dataset.version_created",
    ]


@pytest.mark.parametrize("which", ["run", "build", "docs"])
def test_a_command_that_did_nothing_is_reported(which: str) -> None:
    ((type_, _, data),) = facts("dbt", results(which=which))
    assert (type_, data["kind"]) == ("platform.reported", which)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("pass", "passed"), ("warn", "passed"), ("error", "failed"), ("runtime error", "errored")],
)
def test_a_stale_source_is_a_failed_check_and_an_unreadable_one_an_error(status: str, outcome: str) -> None:
    source = {"unique_id": "source.shop.raw.orders", "status": status, "max_loaded_at_time_ago_in_s": 4200.5}
    ((type_, subject, data),) = facts("dbt", results(source))
    assert (type_, subject, data["outcome"]) == ("dataset.checked", "dataset/retail/shop.raw.orders", outcome)


def test_more_tests_than_a_fact_lists_are_counted_and_failures_come_first() -> None:
    many = [result_of(f"t{place}", "pass") for place in range(1100)] + [result_of("last", "fail")]
    ((_, _, data),) = facts("dbt", results(*many), stated=STATED)
    assert (data["outcome"], data["checks_count"], len(data["checks"])) == ("failed", 1101, 1000)
    assert data["checks"][0]["name"] == "test.shop.last"


def test_tests_of_nobody_stated_are_refused() -> None:
    assert refusal("dbt", results(result_of("t", "pass"))) == ("mapping_failed", ["/context/subject"])


@pytest.mark.parametrize("name", ["invocation_id", "generated_at"])
def test_a_missing_field_of_the_frame_is_named(name: str) -> None:
    sent = results(table("a", "success"))
    del sent["metadata"][name]
    assert refusal("dbt", sent) == ("mapping_failed", [f"/metadata/{name}"])


@pytest.mark.parametrize("sent", [{}, [], {"metadata": None}, {"nodes": {}, "metadata": {}}])
def test_another_artifact_is_not_read(sent: Any) -> None:
    assert refusal("dbt", sent)[0] == "unmapped"


@pytest.mark.parametrize("found", [None, [None], [{"status": "pass"}], [{"unique_id": 7, "status": "pass"}]])
def test_hostile_results_are_refused(found: Any) -> None:
    assert refusal("dbt", {**results(), "results": found}, stated=STATED)[0] == "mapping_failed"


def test_tests_that_were_skipped_because_a_table_failed_are_no_pass() -> None:
    sent = results(table("a", "error"), result_of("t", "skipped"), result_of("u", "pass"), which="build")
    assert facts("dbt", sent, stated=STATED)[0][2]["outcome"] == "errored"


@pytest.mark.parametrize("which", ["compile", "generate", "show", "list", "clone"])
def test_what_was_only_compiled_is_neither_built_nor_tested(which: str) -> None:
    sent = results(table("a", "success"), result_of("t", "success"), which=which)
    ((type_, _, data),) = facts("dbt", sent)
    assert (type_, data["kind"]) == ("platform.reported", which)


def test_long_compiled_code_is_no_reason_to_lose_an_invocation() -> None:
    sent = results({**table("a", "error"), "compiled_code": "select " * 50_000, "message": "no such é"}, which="run")
    ((_, _, data),) = facts("dbt", sent)
    assert data["payload"] == {"unique_id": "model.shop.a", "status": "error", "message": "no such é"}


def test_a_manifest_is_reported() -> None:
    sent = results()
    del sent["results"]
    assert refusal("dbt", sent) == ("mapping_failed", ["/results"])
    sent["metadata"]["dbt_schema_version"] = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    ((type_, _, data),) = facts("dbt", {**sent, "nodes": {}})
    assert (type_, data["kind"]) == ("platform.reported", "manifest")
