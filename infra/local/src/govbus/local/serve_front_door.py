"""Runs the front door as a process: `python -m govbus.local.serve_front_door`, settings in `GOVBUS_FRONT_DOOR_…`."""

from pathlib import Path

import uvicorn
from pydantic_settings import BaseSettings, SettingsConfigDict

from govbus.local.front_door import FrontDoor
from govbus.local.ports import LOOPBACK
from govbus.local.routes import read_routes


class Settings(BaseSettings):
    """Where the front door listens and whom it serves, from `GOVBUS_FRONT_DOOR_…`."""

    model_config = SettingsConfigDict(env_prefix="GOVBUS_FRONT_DOOR_", frozen=True)
    port: int
    routes_file: Path
    services: dict[str, str]


def main() -> None:
    """Serve until told to end."""
    settings = Settings.model_validate({})
    door = FrontDoor(read_routes(settings.routes_file), settings.services, f"http://{LOOPBACK}:{settings.port}")
    uvicorn.run(door.app(), host=LOOPBACK, port=settings.port, log_level="warning", timeout_graceful_shutdown=2)


if __name__ == "__main__":
    main()
