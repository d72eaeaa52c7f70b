"""Where the SDK finds Govbus."""

import json
from pathlib import Path

import pytest

from govbus.sdk.endpoints import find_endpoints
from govbus.sdk.failures import NotConfigured

DOCUMENT = {
    "url": "http://127.0.0.1:8400/",
    "credentials": {"operator": "o"},
    "log_vkey": "k",
    "services": {"risk": "u"},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".govbus"
    folder.mkdir()
    (folder / "endpoints.json").write_text(json.dumps(DOCUMENT))
    return folder


def test_the_file_is_found_from_any_folder_below(home: Path) -> None:
    below = home.parent / "a" / "b"
    below.mkdir(parents=True)
    found = find_endpoints({}, below)
    assert (found.url, found.log_vkey, found.home, found.credential("viewer", "operator")) == (
        "http://127.0.0.1:8400",
        "k",
        home,
        "o",
    )


def test_govbus_home_names_the_data_folder(home: Path) -> None:
    assert find_endpoints({"GOVBUS_HOME": str(home)}, Path("/")).home == home


def test_the_environment_wins_and_local_secrets_are_not_sent_elsewhere(home: Path) -> None:
    found = find_endpoints({"GOVBUS_URL": "https://govbus.example", "GOVBUS_TOKEN": "t"}, home.parent)
    assert (found.url, found.credential("operator"), found.log_vkey) == ("https://govbus.example", "t", None)
    without = find_endpoints({"GOVBUS_URL": "https://govbus.example"}, home.parent)
    with pytest.raises(NotConfigured):
        without.credential("operator")


def test_credentials_never_show(home: Path) -> None:
    found = find_endpoints({"GOVBUS_TOKEN": "very-secret"}, home.parent)
    assert "very-secret" not in repr(found)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1}'])
def test_a_broken_file_is_a_sentence(home: Path, text: str) -> None:
    (home / "endpoints.json").write_text(text)
    with pytest.raises(NotConfigured):
        find_endpoints({}, home.parent)


def test_nothing_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="make up"):
        find_endpoints({}, tmp_path)
