"""Personal fields: sealed texts open under their own key only, and contracts say where they are."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts import catalogue
from govbus.contracts.facts.incident import IncidentReported
from govbus.contracts.fields import Name, Part, Text
from govbus.contracts.personal import (
    DataSubject,
    Personal,
    PersonKey,
    SealBroken,
    data_subject_path,
    is_sealed,
    key_id_of,
    personal_paths,
    seal,
    unseal,
)
from govbus.contracts.schemas import schema_of


class _Complainant(Part):
    person: Annotated[Name, DataSubject()] | None = None
    words: Annotated[Text, Personal()]


class _Complaint(Part):
    by: _Complainant | None = None


class _Quarrel(Part):
    by: tuple[_Complainant, ...]


class _Hearing(Part):
    by: _Complainant
    against: Annotated[Name, DataSubject()]


KEY = PersonKey("person-7f", b"k" * 32)
OTHER = PersonKey("person-7f", b"o" * 32)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_sealed_text_opens_under_its_key(text: str) -> None:
    sealed = seal(text, KEY)
    assert is_sealed(sealed)
    assert key_id_of(sealed) == "person-7f"
    assert unseal(sealed, KEY) == text


def test_sealing_twice_gives_different_texts() -> None:
    assert seal("same", KEY) != seal("same", KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        unseal(seal("secret", KEY), OTHER)


def test_key_of_another_person_is_refused_before_trying() -> None:
    with pytest.raises(SealBroken, match="another key"):
        unseal(seal("secret", KEY), PersonKey("person-8a", b"k" * 32))


def test_altered_text_does_not_open() -> None:
    sealed = seal("secret", KEY)
    head, iv, text, tag = sealed.replace("..", ".").split(".")
    flipped = ("A" if text[0] != "A" else "B") + text[1:]
    with pytest.raises(SealBroken):
        unseal(f"{head}..{iv}.{flipped}.{tag}", KEY)


@pytest.mark.parametrize("text", ["", "plain words", "a.b.c", "a..b.c.d", "eyJ9..b.c.d", "!..b.c.d"])
def test_text_that_is_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(SealBroken):
        unseal(text, KEY)


def test_key_of_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PersonKey("short", b"k" * 16)


def test_key_is_not_shown() -> None:
    assert "kkkk" not in repr(KEY)


def test_reports_of_incidents_hold_personal_text() -> None:
    assert personal_paths(IncidentReported) == (("account",), ("people_affected",))


def test_marker_stands_in_the_schema() -> None:
    declared = catalogue.type_of(IncidentReported)
    assert "x-govbus-personal" in str(schema_of(declared)["properties"]["account"])
    assert "x-govbus-personal" not in str(schema_of(declared)["properties"]["summary"])


def test_sealed_text_of_the_longest_prose_still_fits_its_field() -> None:
    sealed = seal("x" * 12_000, KEY)
    IncidentReported(summary="x", severity="low", account=sealed)


def test_a_contract_says_where_it_names_its_data_subject() -> None:
    assert data_subject_path(_Complaint) == ("by", "person")
    assert data_subject_path(IncidentReported) is None
    assert "x-govbus-data-subject" in str(_Complaint.model_json_schema())


@pytest.mark.parametrize("model", [_Quarrel, _Hearing])
def test_a_contract_that_names_several_data_subjects_is_refused(model: type[Part]) -> None:
    with pytest.raises(ValueError, match="more than one data subject"):
        data_subject_path(model)
