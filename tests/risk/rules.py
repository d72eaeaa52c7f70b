"""The rule data and the default bundle as delivered, for tests."""

from pathlib import Path

from govbus.risk.policy.bundle import Bundle, load_bundle, read_folder
from govbus.risk.rulebook import load_rule_data

POLICIES = Path(__file__).parents[2] / "policies"
DATA = load_rule_data(POLICIES)
TAXONOMY = DATA.taxonomy
BOUNDS = DATA.bounds
NAMES = tuple(BOUNDS.values)


def default_bundle() -> Bundle:
    """Return the default bundle, compiled."""
    return load_bundle(read_folder(POLICIES / "default"), NAMES)


def bundle_of(text: str) -> Bundle:
    """Return a bundle of one file."""
    return load_bundle({"rules.yaml": text}, NAMES)
