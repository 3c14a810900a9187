"""The mail double answers as Postmark does, keeps what it took, and fails when it is asked to."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from doubles.mailbox import KEPT_LETTERS, Mailbox, Wanted
from tests.doubles.running import MAIL, Double, double_process


def send(double: Double, **changes: Any) -> httpx.Response:
    """One mail, with some fields changed or (with None) left empty."""
    return double.http.post("/email", json={**MAIL, **changes})


def test_a_taken_mail_has_an_id_and_can_be_found_by_its_metadata(double: Double) -> None:
    taken = send(double).json()
    assert (taken["ErrorCode"], taken["Message"], taken["To"]) == (0, "OK", "guest@example.com")
    found = double.http.get("/messages/outbound?count=1&offset=0&metadata_holdfast_notice=3.12").json()
    assert found["TotalCount"] == 1
    message = found["Messages"][0]
    assert message["MessageID"] == taken["MessageID"]
    assert message["Metadata"] == MAIL["Metadata"]
    assert message["Recipients"] == ["guest@example.com"]


def test_a_search_finds_by_recipient_and_tag_and_pages_newest_first(double: Double) -> None:
    ids = [send(double, Subject=f"Letter {n}", Tag="received").json()["MessageID"] for n in range(3)]
    send(double, To="other@example.com")
    found = double.http.get("/messages/outbound?count=2&offset=1&recipient=guest@example.com&tag=received").json()
    assert found["TotalCount"] == 3
    assert [message["MessageID"] for message in found["Messages"]] == [ids[1], ids[0]]


def test_the_details_of_a_mail_hold_both_bodies(double: Double) -> None:
    message_id = send(double).json()["MessageID"]
    details = double.http.get(f"/messages/outbound/{message_id}/details").json()
    assert (details["TextBody"], details["HtmlBody"]) == ("Welcome", "<p>Welcome</p>")
    assert details["MessageEvents"][0]["Type"] == "Delivered"


def test_an_unknown_mail_is_not_found(double: Double) -> None:
    answer = double.http.get("/messages/outbound/no-such-mail/details")
    assert (answer.status_code, answer.json()["ErrorCode"]) == (422, 701)


@pytest.mark.parametrize("headers", [{"X-Postmark-Server-Token": "another"}, {"X-Postmark-Server-Token": ""}])
def test_without_the_right_token_nothing_is_taken(double: Double, headers: dict[str, str]) -> None:
    answer = double.http.post("/email", json=MAIL, headers=headers)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (401, 10)
    assert double.inbox() == []


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"To": "no address"}, 300, "Invalid 'To' address: 'no address'."),
        ({"To": ""}, 300, "Invalid 'To' address: ''."),
        ({"From": "no address"}, 300, "Invalid 'From' address"),
        ({"ReplyTo": "no address"}, 300, "Invalid 'ReplyTo' address"),
        ({"To": ", ".join(f"guest{n}@example.com" for n in range(51))}, 300, "maximum of 50 recipients"),
        ({"HtmlBody": None, "TextBody": None}, 300, "Provide either email TextBody or HtmlBody or both."),
        ({"Subject": "x" * 2001}, 300, "'Subject' field exceeds"),
        ({"Metadata": {"a_key_that_is_longer_than_20": "x"}}, 300, "Metadata field"),
        ({"Metadata": {"key": "x" * 81}}, 300, "Metadata field"),
        ({"Metadata": {str(n): "x" for n in range(11)}}, 300, "at most 10 fields"),
        ({"MessageStream": "unknown"}, 1235, "does not exist on this server"),
        ({"Colour": "blue"}, 403, "Invalid request field(s): 'Colour'"),
        ({"Subject": 5}, 403, "Invalid request field(s): 'Subject'"),
    ],
)
def test_a_wrong_mail_is_refused_in_postmarks_words(
    double: Double, changes: dict[str, Any], code: int, words: str
) -> None:
    answer = send(double, **changes)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (422, code)
    assert words in answer.json()["Message"]
    assert double.inbox() == []


def test_what_is_not_json_is_refused(double: Double) -> None:
    answer = double.http.post("/email", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["ErrorCode"]) == (422, 402)


def test_a_batch_takes_the_right_ones_and_answers_in_order(double: Double) -> None:
    batch = [MAIL, {**MAIL, "To": "no address"}, {**MAIL, "To": "second@example.com"}]
    answer = double.http.post("/email/batch", json=batch)
    assert answer.status_code == 200
    assert [one["ErrorCode"] for one in answer.json()] == [0, 300, 0]
    assert [letter["to"] for letter in double.inbox()] == ["second@example.com", "guest@example.com"]


def test_more_than_500_mails_are_no_batch(double: Double) -> None:
    answer = double.http.post("/email/batch", json=[MAIL] * 501)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (422, 410)


def test_an_address_that_bounced_is_not_written_to_until_it_is_activated(double: Double) -> None:
    bounce = double.bounce("guest@example.com")
    assert bounce["Inactive"] is True
    refused = send(double)
    assert (refused.status_code, refused.json()["ErrorCode"]) == (422, 406)
    assert "Found inactive addresses: guest@example.com." in refused.json()["Message"]
    listed = double.http.get("/bounces?count=10&offset=0&emailFilter=guest").json()
    assert [one["ID"] for one in listed["Bounces"]] == [bounce["ID"]]
    assert double.http.get("/deliverystats").json()["InactiveMails"] == 1
    assert double.http.put(f"/bounces/{bounce['ID']}/activate").json()["Message"] == "OK"
    assert send(double).status_code == 200


def test_an_unknown_bounce_is_not_found(double: Double) -> None:
    assert double.http.get("/bounces/99").json()["ErrorCode"] == 407


def test_a_fault_strikes_as_often_as_planned(double: Double) -> None:
    double.plan("rate_limited", times=2)
    assert [send(double).status_code for _ in range(3)] == [429, 429, 200]
    assert double.planned() == []


def test_a_failure_before_the_work_keeps_nothing_and_one_after_it_keeps_the_mail(double: Double) -> None:
    double.plan("error_before")
    assert send(double).status_code == 500
    assert double.inbox() == []
    double.plan("error_after")
    assert send(double).status_code == 500
    assert len(double.inbox()) == 1


@pytest.mark.parametrize(("fault", "kept"), [("cut", 1), ("cut_before", 0)])
def test_a_cut_line_leaves_the_caller_without_an_answer(double: Double, fault: str, kept: int) -> None:
    double.plan(fault)
    with pytest.raises(httpx.TransportError):
        send(double)
    assert len(double.inbox()) == kept


def test_a_slow_answer_still_comes(double: Double) -> None:
    double.plan("latency", seconds=0.2)
    began = time.monotonic()
    assert send(double).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_an_outage_ends_by_itself_and_spares_the_inbox(double: Double) -> None:
    double.plan("outage", seconds=3)
    assert send(double).status_code == 503
    assert double.inbox() == []
    until = time.monotonic() + 30
    while send(double).status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert len(double.inbox()) == 1


def test_a_fault_strikes_only_the_path_it_was_planned_for(double: Double) -> None:
    double.plan("error_before", path="/messages")
    assert send(double).status_code == 200
    assert double.http.get("/messages/outbound?count=1&offset=0").status_code == 500


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"fault": "flood"}, "`fault`"),
        ({"fault": "cut", "times": 0}, "`times`"),
        ({"fault": "latency", "seconds": 601}, "`seconds`"),
        ({"fault": "cut", "path": 5}, "`path`"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_its_field(
    double: Double, fault: dict[str, Any], field: str
) -> None:
    answer = double.http.post("/_double/faults", json=fault)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


def test_a_page_of_another_site_cannot_plan_faults(double: Double) -> None:
    answer = double.http.post("/_double/faults", content=b'{"fault": "cut"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert double.planned() == []


def test_a_taken_mail_outlives_a_kill(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with double_process(tmp_path, free_port()) as (double, process):
        message_id = send(double).json()["MessageID"]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with double_process(tmp_path, free_port()) as (double, _):
        assert [letter["message_id"] for letter in double.inbox()] == [message_id]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_quietly_and_logs_only_json(
    tmp_path: Path, free_port: Callable[[], int], number: signal.Signals
) -> None:
    with double_process(tmp_path, free_port()) as (_, process):
        process.send_signal(number)
        output, _ = process.communicate(timeout=10)
        assert process.returncode == 0
    assert all(line.startswith(b"{") for line in output.splitlines())


def test_only_the_newest_mails_are_kept(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    for _ in range(KEPT_LETTERS // 500):
        mailbox.keep([MAIL] * 500)
    mailbox.keep([{**MAIL, "Subject": "The newest"}] * 3)
    total, newest = mailbox.letters(Wanted(), 1)
    assert (total, newest[0]["subject"]) == (KEPT_LETTERS, "The newest")
    mailbox.close()
