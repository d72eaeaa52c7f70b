"""What only a running stack can tell: the credential of the source `demo` and the log's public key."""

import time
from collections.abc import Callable, Mapping

import httpx2

from govbus.local.layout import Home
from govbus.local.refusals import Refused
from govbus.local.secret_files import read_json, write_private_json

DEMO_SOURCE = {"name": "demo", "source": "//demo/platform", "namespace": "demo", "types": ["*"]}
"""Registered once, so that there is somebody who may emit."""

CALL_TIMEOUT_SECONDS = 10.0
PROGRESS_SECONDS = 10.0
POLL_SECONDS = 0.2


def wait_ready(
    urls: Mapping[str, str], timeout_seconds: float, say: Callable[[str], None], check: Callable[[], None]
) -> None:
    """Return when every URL's `/readyz` has said 200; `check` is called all the while.

    Who is ready is not asked again: on a small machine the asking itself would slow the others down.

    Raises:
        Refused: the time is over; the sentence names who is not ready.
    """
    began = told = time.monotonic()
    waiting = dict(urls)
    with httpx2.Client(timeout=CALL_TIMEOUT_SECONDS, trust_env=False) as client:
        while waiting:
            check()
            waiting = {name: url for name, url in waiting.items() if not _ready(client, url)}
            if time.monotonic() - began > timeout_seconds:
                raise Refused(
                    f"Not ready after {timeout_seconds:.0f} s: {', '.join(waiting)}. The logs folder says why."
                )
            if waiting and time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                say(f"Still waiting for {', '.join(waiting)}.")
            time.sleep(POLL_SECONDS)


def _ready(client: httpx2.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/readyz").status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


def demo_credential(home: Home, url: str, admin_token: str) -> str:
    """Return the credential of the source `demo`, registering it on the first start.

    Raises:
        Refused: intake refuses.
    """
    kept = (read_json(home.demo_source) or {}).get("credential")
    if isinstance(kept, str):
        return kept
    headers = {"Authorization": f"Bearer {admin_token}"}
    with httpx2.Client(base_url=url, timeout=CALL_TIMEOUT_SECONDS, headers=headers, trust_env=False) as client:
        answer = client.post("/v1/sources", json=DEMO_SOURCE)
        if answer.status_code == httpx2.codes.CONFLICT:
            answer = client.post("/v1/sources/demo/credentials", json={})
    if answer.status_code != httpx2.codes.CREATED:
        raise Refused(f"intake did not register the source demo ({answer.status_code}): {answer.text[:300]}")
    credential = str(answer.json()["credential"])
    write_private_json(home.demo_source, {"credential": credential})
    return credential


def log_vkey(url: str) -> str:
    """Return the audit log's public key as C2SP vkey.

    Raises:
        Refused: the log does not tell it.
    """
    answer = httpx2.get(f"{url}/v1/log/key", timeout=CALL_TIMEOUT_SECONDS, trust_env=False)
    if answer.status_code != httpx2.codes.OK:
        raise Refused(f"The audit log does not tell its key ({answer.status_code}): {answer.text[:300]}")
    return answer.text.strip()
