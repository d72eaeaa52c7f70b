"""`govbus sources rotate` and `revoke`: credentials are changed without a gap, and ended at once."""

from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter

from govbus.contracts.identity import fresh_id
from govbus.sdk.cli.output import say, say_json
from govbus.sdk.cli.session import DEFAULT, OK, Options, session
from govbus.sdk.cli.source_registration import ADMINS, login_document, needed_provisioner, path_of, say_login


def rotate(
    name: str,
    /,
    *,
    expires_in_seconds: int | None = None,
    kafka: Annotated[bool, Parameter(negative="")] = False,
    options: Options = DEFAULT,
) -> int:
    """Issue one more credential; the old ones stay good until they are revoked or expire.

    Parameters
    ----------
    expires_in_seconds
        When the new one ends by itself; without it, when it is revoked.
    kafka
        Set a new password of the Kafka user instead. The old one ends at once: Kafka keeps one.
    """
    if kafka:
        return _rotate_kafka(name, options)
    body = {"expires_in_seconds": expires_in_seconds} if expires_in_seconds else {}
    with session(options) as opened:
        token = opened.token(*ADMINS)
        path = path_of(name)
        made = opened.transport.post(f"{path}/credentials", token, body, idempotency_key=fresh_id()).document()
        held = opened.transport.get(path, token).document().get("credentials", [])
    others = [one["id"] for one in held if one["id"] != made["id"] and not one["revoked_at"]]
    if options.json:
        say_json({**made, "others": others})
        return OK
    say(f"credential {made['id']}, shown once: {made['credential']}")
    for other in others:
        say(f"when {name} uses it: govbus sources revoke {name} {other}")
    return OK


def revoke(name: str, credential_id: str, /, *, options: Options = DEFAULT) -> int:
    """End a credential at once."""
    with session(options) as opened:
        opened.transport.delete(f"{path_of(name)}/credentials/{quote(credential_id, safe='')}", opened.token(*ADMINS))
    if options.json:
        say_json({"name": name, "id": credential_id, "revoked": True})
    else:
        say(f"revoked {credential_id} of {name}")
    return OK


def _rotate_kafka(name: str, options: Options) -> int:
    with session(options) as opened:
        provisioner = needed_provisioner(opened)
        found: dict[str, Any] = opened.transport.get(path_of(name), opened.token(*ADMINS)).document()
        if not found.get("kafka"):
            opened.transport.patch(path_of(name), opened.token(*ADMINS), {"kafka": True})
        login = provisioner.add(name)
    if options.json:
        say_json({"name": name, "kafka": login_document(login)})
    else:
        say_login(login)
    return OK
