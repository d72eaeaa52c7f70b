"""What platforms say: payloads of the facts on `govbus.facts`. Importing this declares all of them."""

from govbus.contracts.facts import deployment, incident, model, monitoring, platform, validation

__all__ = ["deployment", "incident", "model", "monitoring", "platform", "validation"]
