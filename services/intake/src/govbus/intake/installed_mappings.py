"""The mapping files that are installed: those delivered and one's own, read again when they change.

A delivered file that cannot be used stops the start. One's own is said aloud and left out, or its last good state kept:
a mistake in one platform's file must not stop the others.
"""

import hashlib
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from pathlib import Path
from typing import Final

import structlog
from typing_extensions import override

from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping

FILE_BYTES: Final = 256 * 1024
"""A mapping file is written by hand."""

DELIVERED: Final = Path(__file__).parent / "mappings"

_log = structlog.get_logger(__name__)


def load_mappings(directory: Path) -> dict[str, Mapping]:
    """Return the mappings in `directory` by name.

    Raises:
        MappingInvalid: a file that is no mapping, a name that two files have, no file at all.
    """
    found: dict[str, Mapping] = {}
    for path in sorted(directory.glob("*.yaml")):
        mapping = read_mapping(_bytes(path), path.name)
        if mapping.name in found:
            raise MappingInvalid(f"{path.name}: another file is named {mapping.name!r} too")
        found[mapping.name] = mapping
    if not found:
        raise MappingInvalid(f"{directory}: no mapping files; set GOVBUS_INTAKE_MAPPINGS_DIRECTORY")
    return found


class InstalledMappings(Dictionary[str, Mapping]):
    """Mappings by name; one's own take the place of delivered ones of the same name."""

    def __init__(self, delivered: Path, own: Path | None) -> None:
        """Read both folders; `own` need not exist yet.

        Raises:
            MappingInvalid: see `load_mappings`, for the delivered ones.
        """
        self._delivered_folder = delivered
        self._own_folder = own
        self._delivered = load_mappings(delivered)
        self._own: dict[Path, Mapping] = {}
        self._seen: dict[Path, str] = {}
        self._found: Dictionary[str, Mapping] = dict(self._delivered)
        self.refused: dict[str, str] = {}
        """Own files that cannot be used: name of the file → why."""
        self._stamps = _stamped(delivered), _stamped(own)
        self._read_own()

    @override
    def __getitem__(self, name: str) -> Mapping:
        return self._found[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    @override
    def __len__(self) -> int:
        return len(self._found)

    async def reload(self) -> None:
        """Read what changed since the last time; readers see the old state or the new one, never half of it."""
        delivered, own = _stamped(self._delivered_folder), _stamped(self._own_folder)
        if (delivered, own) == self._stamps:
            return
        if delivered != self._stamps[0]:
            try:
                self._delivered = load_mappings(self._delivered_folder)
            except (MappingInvalid, OSError) as error:
                _log.warning("mapping_refused", detail=str(error), kept="the delivered mappings as they were")
        self._stamps = delivered, own
        self._read_own()

    def _read_own(self) -> None:
        paths = sorted(self._own_folder.glob("*.yaml")) if self._own_folder and self._own_folder.is_dir() else []
        self._own = {path: mapping for path, mapping in self._own.items() if path in paths}
        self.refused = {name: why for name, why in self.refused.items() if name in {path.name for path in paths}}
        for path in paths:
            self._read_one(path)
        found = dict(self._delivered)
        for path in paths:
            if path in self._own:
                found[self._own[path].name] = self._own[path]
        self._found = found

    def _read_one(self, path: Path) -> None:
        try:
            raw = _bytes(path)
            digest = hashlib.sha256(raw).hexdigest()
            if self._seen.get(path) == digest:
                return
            self._seen[path] = digest
            mapping = read_mapping(raw, path.name)
        except (MappingInvalid, OSError) as error:
            kept = "its last good state" if path in self._own else "nothing of it"
            self.refused[path.name] = str(error)
            _log.warning("mapping_refused", file=path.name, detail=str(error), kept=kept)
            return
        self._own[path] = mapping
        self.refused.pop(path.name, None)
        _log.info(
            "mapping_installed", file=path.name, name=mapping.name, version=mapping.version, digest=mapping.digest
        )


def _stamped(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Return what tells whether any file changed: name, size and time of change of each."""
    paths = sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else []
    states = [(path.name, path.stat()) for path in paths]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in states)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > FILE_BYTES:
        raise MappingInvalid(f"{path.name}: larger than {FILE_BYTES} bytes")
    return path.read_bytes()
