"""Puts the witnesses into the service: the job that asks them, and the route that shows them."""

from typing import Final

from fastapi import APIRouter

from govbus.audit_log.api import witnesses
from govbus.audit_log.api.static import Reader
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.settings import Settings
from govbus.audit_log.standing import Standing
from govbus.audit_log.witness_policy_file import load_policy
from govbus.audit_log.witnessing import Witnessing, require_no_quorum
from govbus.eventing.manifest import StartRefused
from govbus.eventing.service import Service

_UNWATCHED_SECONDS: Final = 3600.0
"""Between two times of saying that nobody is waited for; the first is at the start."""


def add_witnesses(service: Service, settings: Settings, keys: LogKeys, standing: Standing, reader: Reader) -> APIRouter:
    """Return the route; without a policy nobody is asked and nothing waits for a quorum.

    Raises:
        StartRefused: a policy that cannot be used, or a quorum that is needed and not configured.
    """
    policy = load_policy(settings.audit_log_witness_policy_file, keys)
    if policy is None:
        if settings.audit_log_publish_needs_quorum:
            raise StartRefused(
                "GOVBUS_AUDIT_LOG_PUBLISH_NEEDS_QUORUM is set without GOVBUS_AUDIT_LOG_WITNESS_POLICY_FILE: nothing "
                "would ever be published"
            )
        service.every("witness", _UNWATCHED_SECONDS, lambda: require_no_quorum(service.engine))
        return witnesses.router(service.engine, None, reader)
    witnessing = Witnessing(settings, service.engine, policy, standing, service.registry)
    service.every("witness", settings.audit_log_witness_interval_seconds, witnessing.round)
    service.closes(witnessing.close)
    return witnesses.router(service.engine, witnessing, reader)
