"""Mail through Postmark's API, against the double over HTTP: every trouble becomes one of our words."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateways import postmark
from gateways.mailer import Letter
from gateways.postmark import PostmarkMailer
from tests.doubles.running import TOKEN, Double

LETTER = Letter(
    to="guest@example.com",
    subject="Your stay",
    html="<p>Welcome</p>",
    text="Welcome",
    sender='"A House, by the sea" <stay@house.example>',
    reply_to="desk@house.example",
    tag="confirmed",
    metadata={"holdfast_notice": "3.12"},
)


@pytest.fixture
def mailer(double: Double) -> PostmarkMailer:
    """A mailer that talks to the double."""
    return PostmarkMailer(TOKEN, double.address)


async def test_a_letter_arrives_whole(mailer: PostmarkMailer, double: Double) -> None:
    [sent] = await mailer.send([LETTER])
    assert sent.outcome == "sent"
    letter = double.letter(sent.provider_id)
    assert {key: letter[key] for key in ("to", "subject", "html", "text", "from", "reply_to", "tag", "metadata")} == {
        "to": LETTER.to,
        "subject": LETTER.subject,
        "html": LETTER.html,
        "text": LETTER.text,
        "from": LETTER.sender,
        "reply_to": LETTER.reply_to,
        "tag": LETTER.tag,
        "metadata": LETTER.metadata,
    }


@pytest.mark.parametrize("track", [True, False])
async def test_a_letter_is_watched_only_where_that_was_switched_on(double: Double, track: bool) -> None:
    [sent] = await PostmarkMailer(TOKEN, double.address, track_opens=track).send([LETTER])
    double.open(sent.provider_id)
    assert double.letter(sent.provider_id)["state"] == ("opened" if track else "delivered")


async def test_a_wrong_address_is_refused_alone_and_its_reason_names_nobody(
    mailer: PostmarkMailer, double: Double
) -> None:
    outcomes = await mailer.send([LETTER, replace(LETTER, to="guest@exämple.com"), LETTER])
    assert [one.outcome for one in outcomes] == ["sent", "refused", "sent"]
    assert outcomes[1].code == 300
    assert outcomes[1].text == "Invalid 'To' address: '(address)'."
    assert len(double.inbox()) == 2


async def test_a_reader_who_bounced_before_is_refused(mailer: PostmarkMailer, double: Double) -> None:
    double.bounce("guest@example.com")
    [sent] = await mailer.send([LETTER])
    assert (sent.outcome, sent.code) == ("refused", 406)
    assert "@" not in sent.text


async def test_a_wrong_sender_waits_since_it_is_no_fault_of_the_letter(mailer: PostmarkMailer) -> None:
    [sent] = await mailer.send([replace(LETTER, sender="not an address")])
    assert (sent.outcome, sent.code) == ("busy", 300)


async def test_a_wrong_token_waits_since_it_is_no_fault_of_the_letter(double: Double) -> None:
    [sent] = await PostmarkMailer("another", double.address).send([LETTER])
    assert (sent.outcome, sent.code) == ("busy", 10)


async def test_a_provider_with_too_much_to_do_is_busy(mailer: PostmarkMailer, double: Double) -> None:
    double.plan("rate_limited")
    assert [one.outcome for one in await mailer.send([LETTER, LETTER])] == ["busy", "busy"]
    assert double.inbox() == []


@pytest.mark.parametrize("fault", ["error_before", "error_after", "cut", "cut_before", "outage"])
async def test_a_failure_that_may_have_come_after_the_work_is_unclear(
    mailer: PostmarkMailer, double: Double, fault: str
) -> None:
    double.plan(fault, seconds=30)
    [sent] = await mailer.send([LETTER])
    assert sent.outcome == "unclear"
    assert sent.text


async def test_a_provider_that_is_not_there_is_busy(free_port: Callable[[], int]) -> None:
    [sent] = await PostmarkMailer(TOKEN, f"http://127.0.0.1:{free_port()}").send([LETTER])
    assert sent.outcome == "busy"


async def test_an_answer_that_never_comes_is_unclear_and_waited_for_no_longer_than_stated(
    mailer: PostmarkMailer, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmark, "READ_SECONDS", 0.2)
    double.plan("latency", seconds=3)
    began = time.monotonic()
    [sent] = await mailer.send([LETTER])
    assert sent.outcome == "unclear"
    assert time.monotonic() - began < 2.5


def answering(body: bytes, status: str = "200 OK") -> tuple[str, Callable[[], None]]:
    """A server that answers every request the same; its address, and how to end it."""
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            with line:
                line.recv(65536)
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                line.sendall(head.encode() + body)

    threading.Thread(target=serve, daemon=True).start()

    def end() -> None:
        door.shutdown(socket.SHUT_RDWR)
        door.close()

    return f"http://127.0.0.1:{door.getsockname()[1]}", end


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"<html>", "200 OK", "unclear"),
        (b"{}", "200 OK", "unclear"),
        (b"[]", "200 OK", "unclear"),
        (b'[{"Message": "OK"}]', "200 OK", "unclear"),
        (b"<html>", "404 Not Found", "busy"),
        (b"[]", "422 Unprocessable Entity", "busy"),
        (b'{"Message": "no code"}', "422 Unprocessable Entity", "busy"),
        (b'{"ErrorCode": 412, "Message": "pending approval"}', "422 Unprocessable Entity", "busy"),
        (b"too large", "413 Payload Too Large", "refused"),
    ],
)
async def test_an_answer_of_another_shape_raises_nothing(body: bytes, status: str, outcome: str) -> None:
    address, end = answering(body, status)
    try:
        [sent] = await PostmarkMailer(TOKEN, address).send([LETTER])
        assert sent.outcome == outcome
        assert (await PostmarkMailer(TOKEN, address).find("holdfast_notice", "3.12")).outcome == "busy"
    finally:
        end()


async def test_a_letter_that_spoils_its_batch_stops_no_other(mailer: PostmarkMailer, double: Double) -> None:
    spoiled = replace(LETTER, metadata={"holdfast_notice": 5})  # type: ignore[dict-item]
    wrong_field = replace(LETTER, subject=5)  # type: ignore[arg-type]
    outcomes = await mailer.send([LETTER, spoiled, wrong_field, LETTER])
    assert [one.outcome for one in outcomes] == ["sent", "refused", "refused", "sent"]
    assert len(double.inbox()) == 2


async def test_when_a_whole_batch_is_refused_its_letters_go_one_by_one(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doubles.mail.MOST_BATCH", 1)
    outcomes = await PostmarkMailer(TOKEN, double.address).send(
        [LETTER, replace(LETTER, to="guest@exämple.com"), LETTER]
    )
    assert [one.outcome for one in outcomes] == ["sent", "refused", "sent"]
    assert len(double.inbox()) == 2


async def test_one_by_one_the_first_that_is_not_taken_now_stops_the_rest(
    mailer: PostmarkMailer, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doubles.mail.MOST_BATCH", 1)
    # The batch is let through to be refused for its size; then the first single letter is cut off after the work.
    double.plan("latency", path="/email/batch", seconds=0)
    double.plan("cut", path="/email")
    outcomes = await mailer.send([replace(LETTER, tag="first"), replace(LETTER, tag="second")])
    assert [one.outcome for one in outcomes] == ["unclear", "busy"]
    assert [letter["tag"] for letter in double.inbox()] == ["first"]


async def test_one_by_one_a_slow_provider_leaves_the_rest_for_later(
    mailer: PostmarkMailer, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doubles.mail.MOST_BATCH", 1)
    monkeypatch.setattr(postmark, "BATCH_SECONDS", 0.0)
    outcomes = await mailer.send([LETTER, LETTER])
    assert [one.outcome for one in outcomes] == ["busy", "busy"]
    assert double.inbox() == []


async def test_no_letters_are_no_call(free_port: Callable[[], int]) -> None:
    assert await PostmarkMailer(TOKEN, f"http://127.0.0.1:{free_port()}").send([]) == []


async def test_more_than_fifty_letters_are_no_batch(mailer: PostmarkMailer) -> None:
    with pytest.raises(ValueError, match="50 letters at most"):
        await mailer.send([LETTER] * 51)


async def test_a_letter_is_found_again_by_its_metadata(mailer: PostmarkMailer) -> None:
    assert (await mailer.find("holdfast_notice", "3.12")).outcome == "absent"
    [sent] = await mailer.send([LETTER])
    found = await mailer.find("holdfast_notice", "3.12")
    assert (found.outcome, found.provider_id, found.metadata) == ("found", sent.provider_id, LETTER.metadata)
    assert (await mailer.find("holdfast_notice", "3.1")).outcome == "absent"


async def test_a_search_that_fails_is_busy_and_never_absent(mailer: PostmarkMailer, double: Double) -> None:
    double.plan("error_before")
    assert (await mailer.find("holdfast_notice", "3.12")).outcome == "busy"


async def test_many_batches_at_once_all_arrive(mailer: PostmarkMailer, double: Double) -> None:
    batches = await asyncio.gather(*(mailer.send([LETTER] * 5) for _ in range(10)))
    assert all(one.outcome == "sent" for batch in batches for one in batch)
    assert len(double.inbox()) == 50
