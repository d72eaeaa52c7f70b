"""Who may say what about whose things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source, check_source, is_reserved, owner_of, person_source, prefixes

SOURCE = Source("mlflow", "//mlflow/prod", "retail")


@pytest.mark.parametrize("uri", ["//mlflow/prod", "//mlflow/prod/", "//mlflow/prod/eu/1"])
def test_a_source_speaks_for_its_prefix_and_all_below(uri: str) -> None:
    check_source(SOURCE, uri, {SOURCE.uri})


@pytest.mark.parametrize(
    "uri", ["//mlflow/production", "//mlflow", "mlflow/prod", "//MLFLOW/prod", "//govbus/risk", ""]
)
def test_a_source_does_not_speak_for_neighbours(uri: str) -> None:
    with pytest.raises(Refused, match="foreign_source"):
        check_source(SOURCE, uri, {SOURCE.uri})


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5), st.integers(1, 5), st.integers(1, 5))
def test_the_longest_registered_prefix_owns_a_uri(steps: list[str], first: int, second: int) -> None:
    uri = "//" + "/".join(steps)
    registered = ["//" + "/".join(steps[:first]), "//" + "/".join(steps[:second])]
    assert owner_of(uri, registered) == max(registered, key=len)


@given(st.text(min_size=1, max_size=30))
def test_prefixes_begin_with_the_uri_itself_and_each_is_a_prefix(uri: str) -> None:
    found = prefixes(uri)
    assert found[0] == uri
    assert all(uri.startswith(prefix) for prefix in found)


@pytest.mark.parametrize(
    ("types", "type_", "allowed"),
    [
        (None, "dev.govbus.model.registered.v1", True),
        (None, "com.example.anything", True),
        (None, "dev.govbus.approval.recorded.v1", False),
        (("model.*",), "dev.govbus.model.registered.v1", True),
        (("dev.govbus.model.*",), "dev.govbus.model.registered.v1", True),
        (("model.*",), "dev.govbus.deployment.completed.v1", False),
        (("model.*",), "com.example.model.x", False),
        (("approval.recorded",), "dev.govbus.approval.recorded.v1", True),
        ((), "dev.govbus.model.registered.v1", False),
    ],
)
def test_types_are_globs_over_short_and_full_names(types: tuple[str, ...] | None, type_: str, allowed: bool) -> None:
    source = Source("s", "//s", "s", types=types)
    if allowed:
        source.check_type(type_)
    else:
        with pytest.raises(Refused, match="foreign_type"):
            source.check_type(type_)


def test_a_person_emits_as_exactly_themselves() -> None:
    olga = person_source("//govbus/people/olga")
    check_source(olga, "//govbus/people/olga", set())
    with pytest.raises(Refused, match="foreign_source"):
        check_source(olga, "//govbus/people/olga/x", set())


@pytest.mark.parametrize(("uri", "reserved"), [("//govbus", True), ("//govbus/x", True), ("//govbusiness", False)])
def test_govbus_own_uris_are_reserved(uri: str, reserved: bool) -> None:
    assert is_reserved(uri) is reserved
