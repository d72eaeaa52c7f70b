"""Settings of risk."""

from pathlib import Path

from pydantic import Field

from govbus.eventing.settings import ServiceSettings


class Settings(ServiceSettings):
    """What risk needs beyond every service's settings."""

    risk_policies_directory: Path = Field(
        default=Path("policies"), description="holds taxonomy.yaml, bounds/ and default/, the bundle of the first start"
    )
    gate_wait_seconds: float = Field(
        default=10, ge=0, le=60, description="longest wait for the event given as `after`; then the gate denies"
    )
    gate_repeat_seconds: float = Field(
        default=3600,
        ge=0,
        description="how long the same Idempotency-Key gets the same decision: longer than a client retries, shorter "
        "than anybody would rely on an old release",
    )
    gate_max_lag_seconds: float = Field(default=30, gt=0, description="state older than this decides no release")
