"""A webhook's receiver in the test itself: nothing of the stack's own tells whether a notification arrived."""

import base64
import json
import secrets
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from typing_extensions import override

NAME: Final = "governance-webhook"


class WebhookReceiver:
    """Listens on loopback from the beginning to `stop`, and counts what came by the notification's id."""

    def __init__(self) -> None:
        """Begin to listen."""
        self.arrived: Counter[str] = Counter()
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        lock = threading.Lock()
        arrived = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                with lock:
                    arrived[self.headers.get("webhook-id", "").removeprefix("msg_")] += 1
                self.send_response(204)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return the notifier's settings that lead here."""
        return {
            "GOVBUS_NOTIFIER_WEBHOOK_URL": f"http://127.0.0.1:{self._server.server_port}/",
            "GOVBUS_NOTIFIER_SECRETS": json.dumps({NAME: {"signing": [self._secret]}}),
            "GOVBUS_NOTIFIER_ALLOW_PRIVATE_NETWORK": "true",
            "GOVBUS_NOTIFIER_MAIL_SMARTHOST": "",
            "GOVBUS_NOTIFIER_MAIL_TO": "",
        }

    def stop(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
