"""The mail double as its callers see it, served in a thread or in a process of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from doubles.mail import mail_app
from tests.doubles.serving import doubles_process, open_door, serving

TOKEN = "a-token-for-tests"
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


@contextmanager
def running_double(folder: Path, webhook_url: str = "", webhook_secret: str = "") -> Iterator[Double]:
    """A double on a free port until the block ends; it tells what became of letters where an address is given."""
    door, address = open_door()
    app, double = mail_app(folder, TOKEN, webhook_url, webhook_secret), Double(address)
    with closing(app.state.mailbox), serving(app, door, double.http):
        yield double


@contextmanager
def double_process(folder: Path, port: int) -> Iterator[tuple[Double, "subprocess.Popen[bytes]"]]:
    """A double as `python -m doubles.main`, with its data in a folder of the test."""
    environment = {
        "HOLDFAST_HOME": str(folder),
        "HOLDFAST_MAIL_DOUBLE_PORT": str(port),
        "HOLDFAST_STRIPE_DOUBLE_PORT": "0",
        "POSTMARK_TOKEN": TOKEN,
    }
    double = Double(f"http://127.0.0.1:{port}")
    with doubles_process(double.http, environment) as process:
        yield double, process
