"""`infra/routes.yaml`, read and checked: which service answers a path."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govbus.local.refusals import Refused

Prefix = Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.-]*[A-Za-z0-9_-]$")]


class Route(BaseModel):
    """One path prefix of one service."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    prefix: Prefix
    service: str


class Pages(BaseModel):
    """Who has all other paths, and below which prefixes nobody has them."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    service: str
    excluded: tuple[Prefix, ...] = Field(alias="except")


class RouteTable(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    routes: tuple[Route, ...]
    pages: Pages

    def service_for(self, path: str) -> str | None:
        """Return who answers `path`: the longest prefix of whole segments wins; None when nobody does."""
        matching = [route for route in self.routes if _within(path, route.prefix)]
        if matching:
            return max(matching, key=lambda route: len(route.prefix)).service
        return None if any(_within(path, prefix) for prefix in self.pages.excluded) else self.pages.service

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that the table names, each once."""
        return tuple(dict.fromkeys([*(route.service for route in self.routes), self.pages.service]))


def read_routes(path: Path) -> RouteTable:
    """Return the checked table.

    Raises:
        Refused: the file is missing or wrong.
    """
    try:
        return RouteTable.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as wrong:
        raise Refused(f"The route table {path} cannot be used: {str(wrong).splitlines()[0]}") from wrong


def _within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
