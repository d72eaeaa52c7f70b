"""The policy of witnesses, from its file: whom the log asks, and whose cosignatures are enough."""

from pathlib import Path

from govbus.audit_log.domain.witness_url import UrlRefused, add_checkpoint_url
from govbus.audit_log.keys import LogKeys
from govbus.contracts.translog.policy import Policy, PolicyRejected, parse_policy
from govbus.eventing.manifest import StartRefused


def load_policy(file: Path | None, keys: LogKeys) -> Policy | None:
    """Return the policy, None when no file is configured.

    Raises:
        StartRefused: the file cannot be read, is no policy, is for another log, or has an address that is none.
    """
    if file is None:
        return None
    try:
        policy = parse_policy(file.read_bytes())
        for witness in policy.witnesses:
            if witness.url is not None:
                add_checkpoint_url(witness.url)
    except OSError as error:
        raise StartRefused(f"{file}: {error.strerror}; see GOVBUS_AUDIT_LOG_WITNESS_POLICY_FILE") from None
    except PolicyRejected as error:
        raise StartRefused(f"{file} is no policy: {error}") from None
    except UrlRefused as error:
        raise StartRefused(f"{file}: {error}") from None
    if policy.logs and not {known.key for known in policy.logs} & set(keys.signing):
        raise StartRefused(f"{file} names logs, but none with a key of {keys.origin}: add its vkey, or take them out")
    return policy
