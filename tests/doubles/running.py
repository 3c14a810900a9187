"""The mail double as a real server: in a thread for most tests, as a process of its own where it has to die."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from doubles.mail import mail_app

TOKEN = "a-token-for-tests"
START_SECONDS = 15.0
MAIL = {
    "From": '"A House" <stay@house.example>',
    "To": "guest@example.com",
    "Subject": "Your stay",
    "HtmlBody": "<p>Welcome</p>",
    "TextBody": "Welcome",
    "Tag": "confirmed",
    "Metadata": {"holdfast_notice": "3.12", "holdfast_booking": "MLB-20260314-7Q4K2M"},
}


class Double:
    """A running double as its callers see it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.http = httpx.Client(
            base_url=address, headers={"X-Postmark-Server-Token": TOKEN}, trust_env=False, timeout=10
        )

    def inbox(self, **wanted: Any) -> list[dict[str, Any]]:
        """The letters that were sent, the newest first."""
        return self.http.get("/_double/inbox", params={"limit": 200, **wanted}).json()["items"]

    def letter(self, message_id: str) -> dict[str, Any]:
        """One letter with its bodies."""
        return self.http.get(f"/_double/inbox/{message_id}").json()

    def plan(self, fault: str, **how: Any) -> None:
        """Plans a fault."""
        self.http.post("/_double/faults", json={"fault": fault, **how}).raise_for_status()

    def planned(self) -> list[dict[str, Any]]:
        """The faults that have not struck yet."""
        return self.http.get("/_double/faults").json()["planned"]

    def bounce(self, email: str) -> dict[str, Any]:
        """Lets an address bounce from now on."""
        return self.http.post("/_double/bounces", json={"email": email}).json()

    def open(self, message_id: str) -> None:
        """A person looks at a letter."""
        self.http.post(f"/_double/inbox/{message_id}/open").raise_for_status()

    def forget(self) -> None:
        """An empty inbox without faults."""
        self.http.delete("/_double/inbox").raise_for_status()
        self.http.delete("/_double/faults").raise_for_status()


def open_door() -> socket.socket:
    """A socket on a free port, for a server in a thread.

    It says that it is TCP: else its connections wait 40 ms for more before they send the end of an answer.
    """
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.bind(("127.0.0.1", 0))
    door.listen(128)
    return door


@contextmanager
def running_double(folder: Path, webhook_url: str = "", webhook_secret: str = "") -> Iterator[Double]:
    """A double on a free port until the block ends; it tells what became of letters where an address is given."""
    app = mail_app(folder, TOKEN, webhook_url, webhook_secret)
    door = open_door()
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", loop="asyncio", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    double = Double(f"http://127.0.0.1:{door.getsockname()[1]}")
    _await_answer(double)
    try:
        yield double
    finally:
        double.http.close()
        server.should_exit = True
        thread.join(START_SECONDS)
        door.close()
        app.state.mailbox.close()


@contextmanager
def double_process(folder: Path, port: int) -> Iterator[tuple[Double, "subprocess.Popen[bytes]"]]:
    """A double as `python -m doubles.main`, with its data in a folder of the test."""
    environment = {
        **os.environ,
        "HOLDFAST_HOME": str(folder),
        "HOLDFAST_MAIL_DOUBLE_PORT": str(port),
        "HOLDFAST_STRIPE_DOUBLE_PORT": "0",
        "POSTMARK_TOKEN": TOKEN,
    }
    process = subprocess.Popen([sys.executable, "-m", "doubles.main"], env=environment, stdout=subprocess.PIPE)
    double = Double(f"http://127.0.0.1:{port}")
    try:
        _await_answer(double)
        yield double, process
    finally:
        double.http.close()
        process.kill()
        process.communicate()


def _await_answer(double: Double) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if double.http.get("/healthz").status_code == 200:
                return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
