"""Reads the installed mapping files at start; a file that cannot be used stops the start and says why."""

from pathlib import Path

from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping


def load_mappings(directory: Path) -> dict[str, Mapping]:
    """Return the mappings in `directory` by name.

    Raises:
        MappingInvalid: a file that is no mapping, a name that two files have, no file at all.
    """
    found: dict[str, Mapping] = {}
    for path in sorted(directory.glob("*.yaml")):
        mapping = read_mapping(path.read_bytes(), path.name)
        if mapping.name in found:
            raise MappingInvalid(f"{path.name}: another file is named {mapping.name!r} too")
        found[mapping.name] = mapping
    if not found:
        raise MappingInvalid(f"{directory}: no mapping files; set GOVBUS_INTAKE_MAPPINGS_DIRECTORY")
    return found


def default_directory() -> Path:
    """Return where mappings lie: inside the installed package, or beside the sources of a checkout."""
    package = Path(__file__).parent
    installed = package / "mappings"
    return installed if installed.is_dir() else package.parents[2] / "mappings"
