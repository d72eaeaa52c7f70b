"""Console's settings."""

from pathlib import Path

from pydantic import Field, HttpUrl

from govbus.eventing.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables `GOVBUS_…` and `GOVBUS_CONSOLE_…`."""

    kafka_bootstrap_servers: str = Field(default="", description="not used: the console consumes nothing")
    console_api_url: HttpUrl = Field(description="the front door, or whatever serves all APIs under one address")
    console_signin_directory: Path = Field(
        default=Path(".govbus/signin"), description="one-time codes, a file each, written by who may let people in"
    )
    console_session_seconds: float = Field(
        default=28_800, gt=0, description="a working day; a session never outlives the token in it"
    )
    console_poll_seconds: float = Field(default=1.5, gt=0, description="how often an open page asks the services")
    console_upstream_timeout_seconds: float = Field(
        default=4, gt=0, description="a service slower than this is shown as away"
    )
    console_stream_seconds: float = Field(
        default=900, gt=0, description="life of one event stream; the page comes back and shows its cookie again"
    )
    console_event_docs_directory: Path = Field(
        default=Path("docs/events"), description="the page of all events, served to everybody at /docs/events"
    )
