"""Compiled bundles by digest, so that a decision compiles nothing."""

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.risk.policy.bundle import Bundle, load_bundle
from govbus.risk.store import bundles


class Shelf:
    """Bundles this process has compiled; what a digest names never changes, so nothing is ever invalidated."""

    def __init__(self, bound_names: tuple[str, ...]) -> None:
        """Start empty; rules may name these bounds."""
        self._bound_names = bound_names
        self._compiled: dict[str, Bundle] = {}

    def compile(self, files: dict[str, str]) -> Bundle:
        """Return the compiled bundle and keep it.

        Raises:
            BundleRefused: with every problem found.
        """
        bundle = load_bundle(files, self._bound_names)
        return self._compiled.setdefault(bundle.digest, bundle)

    async def take(self, connection: AsyncConnection, digest: str) -> Bundle:
        """Return a stored bundle.

        Raises:
            BundleRefused: it names a bound that no longer exists.
        """
        if digest not in self._compiled:
            files = await bundles.files_of(connection, digest)
            self._compiled[digest] = load_bundle(files or {}, self._bound_names)
        return self._compiled[digest]
