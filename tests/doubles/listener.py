"""A server that hears what the payment double tells."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 60.0


@dataclass
class Listener:
    """What was heard: events, and their raw bodies with signatures. answers: statuses of the next answers, then 200.

    pause: so many seconds each takes to be heard.
    """

    address: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pause: float = 0.0

    def forget(self) -> None:
        """Nothing was heard."""
        self.events.clear()
        self.raw.clear()
        self.answers.clear()
        self.pause = 0.0

    def types(self) -> list[str]:
        """The types of what was heard, in order."""
        return [event["type"] for event in self.events]

    def until(self, *types: str) -> list[dict[str, Any]]:
        """What was heard, once each of these was, as often as it is named."""
        end = time.monotonic() + PATIENCE
        while any(self.types().count(one) < types.count(one) for one in types):
            assert time.monotonic() < end, f"heard {self.types()}, not all of {types}"
            time.sleep(0.01)
        return self.events


@contextmanager
def listening() -> Iterator[Listener]:
    """A server that hears, until the block ends."""
    told = Listener()

    class Ears(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            time.sleep(told.pause)
            status = told.answers.pop(0) if told.answers else 200
            told.raw.append((body, self.headers["Stripe-Signature"]))
            # Kept first: who was answered is held to have been heard.
            told.events.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keeps quiet about each request."""
            told.answers = told.answers[-100:]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ears)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()
