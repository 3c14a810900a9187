"""What the mail double tells of letters, to whom, and how it fails to."""

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from doubles import sender
from tests.doubles.running import MAIL, Double, running_double

SECRET = "told-to-nobody"
PATIENCE = 60.0


@dataclass
class Listener:
    """Whoever hears what the double tells. answers: the statuses of the next answers, then 200."""

    address: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def until(self, count: int) -> list[dict[str, Any]]:
        """What was heard, once it is so much."""
        end = time.monotonic() + PATIENCE
        while len(self.heard) < count:
            assert time.monotonic() < end, f"heard {len(self.heard)} of {count}"
            time.sleep(0.01)
        return self.heard


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server that hears."""
    told = Listener()

    class Ears(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = told.answers.pop(0) if told.answers else 200
            told.logins.append(self.headers["Authorization"])
            told.heard.append(body)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keeps quiet about each request."""
            told.logins = told.logins[-100:]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ears)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def double(listener: Listener, tmp_path: Path) -> Iterator[Double]:
    """A double that tells it."""
    with running_double(tmp_path, listener.address, SECRET) as running:
        yield running


def sent(double: Double, **changes: Any) -> str:
    """The message id of a letter that was taken."""
    return double.http.post("/email", json={**MAIL, **changes}).json()["MessageID"]


def test_a_letter_that_was_taken_is_told_as_delivered_with_its_metadata(double: Double, listener: Listener) -> None:
    message_id = sent(double)
    [news] = listener.until(1)
    assert (news["RecordType"], news["MessageID"], news["Metadata"]) == ("Delivery", message_id, MAIL["Metadata"])
    assert news["DeliveredAt"].endswith("Z")
    assert listener.logins == ["Basic " + base64.b64encode(f"postmark:{SECRET}".encode()).decode()]


def test_a_refused_letter_is_told_of_by_nobody(double: Double, listener: Listener) -> None:
    double.http.post("/email", json={**MAIL, "To": "no address"})
    message_id = sent(double)
    assert [news["MessageID"] for news in listener.until(1)] == [message_id]


@pytest.mark.parametrize(
    ("kind", "record", "state"),
    [("HardBounce", "Bounce", "bounced"), ("SoftBounce", "Bounce", "bounced"), ("Transient", "Bounce", "delayed"),
     ("SpamComplaint", "SpamComplaint", "complained")],
)  # fmt: skip
def test_a_letter_that_comes_back_is_told_and_shown(
    double: Double, listener: Listener, kind: str, record: str, state: str
) -> None:
    message_id, other = sent(double), sent(double)
    bounce = {"email": MAIL["To"], "type": kind, "message_id": message_id}
    assert double.http.post("/_double/bounces", json=bounce).status_code == 201
    news = listener.until(3)[-1]
    assert (news["RecordType"], news["MessageID"], news["Type"]) == (record, message_id, kind)
    assert {letter["message_id"]: letter["state"] for letter in double.inbox()} == {
        message_id: state,
        other: "delivered",
    }


def test_a_letter_is_told_as_opened_once_and_only_where_it_was_to_be_watched(
    double: Double, listener: Listener
) -> None:
    quiet, watched = sent(double), sent(double, TrackOpens=True)
    for message_id in (quiet, watched, watched):
        double.open(message_id)
    assert [news["MessageID"] for news in listener.until(3) if news["RecordType"] == "Open"] == [watched]
    assert [letter["state"] for letter in double.inbox()] == ["opened", "delivered"]


def test_who_does_not_hear_is_told_again(double: Double, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PAUSES", (0.01, 0.01, 0.01))
    listener.answers = [500, 503]
    message_id = sent(double)
    assert [news["MessageID"] for news in listener.until(3)] == [message_id] * 3


def test_faults_delay_repeat_and_lose_what_is_told(double: Double, listener: Listener) -> None:
    double.plan("webhook_drop")
    sent(double)
    double.plan("webhook_duplicate")
    twice = sent(double)
    assert [news["MessageID"] for news in listener.until(2)] == [twice, twice]
    double.plan("webhook_delay", seconds=3)
    began = time.monotonic()
    late, quick = sent(double), sent(double)
    assert [news["MessageID"] for news in listener.until(4)[2:]] == [quick, late]
    assert time.monotonic() - began >= 3
    assert double.planned() == []


def test_a_fault_of_webhooks_strikes_no_call_and_one_of_calls_no_webhook(double: Double, listener: Listener) -> None:
    double.plan("webhook_drop", path="Bounce")
    double.plan("error_before")
    assert double.http.post("/email", json=MAIL).status_code == 500
    sent(double)
    listener.until(1)
    assert [fault["fault"] for fault in double.planned()] == ["webhook_drop"]


def test_what_was_owed_when_it_ended_is_told_after_it_began_again(
    listener: Listener, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    with running_double(tmp_path, f"http://127.0.0.1:{free_port()}/nobody", SECRET) as double:
        first = sent(double)
    with running_double(tmp_path, listener.address, SECRET) as double:
        second = sent(double)
        assert {news["MessageID"] for news in listener.until(2)} == {first, second}


def test_without_an_address_nothing_is_owed(tmp_path: Path, listener: Listener) -> None:
    with running_double(tmp_path) as double:
        sent(double)
    with running_double(tmp_path, listener.address, SECRET) as double:
        later = sent(double)
        assert [news["MessageID"] for news in listener.until(1)] == [later]


def test_a_bounce_of_a_letter_with_a_strange_name_is_refused(double: Double) -> None:
    wrong = {"email": "guest@example.com", "message_id": 5}
    assert double.http.post("/_double/bounces", json=wrong).status_code == 422
    assert double.http.post("/_double/inbox/unknown/open").status_code == 404
