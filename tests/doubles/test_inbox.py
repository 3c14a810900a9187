"""The inbox: what people and tests see of the letters."""

import pytest

from tests.doubles.running import MAIL, Double


def test_the_page_opens_without_a_login_and_loads_nothing_from_elsewhere(double: Double) -> None:
    page = double.http.get("/", headers={"X-Postmark-Server-Token": ""})
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Mail inbox" in page.text
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text


def test_letters_are_listed_newest_first_and_found_by_reference_recipient_kind_and_word(double: Double) -> None:
    second = {**MAIL, "To": "second@example.com", "Subject": "Cancelled", "Tag": "cancelled", "Metadata": {}}
    double.http.post("/email/batch", json=[MAIL, second])
    assert [letter["to"] for letter in double.inbox()] == ["second@example.com", "guest@example.com"]
    assert [letter["to"] for letter in double.inbox(reference="MLB-20260314-7Q4K2M")] == ["guest@example.com"]
    assert [letter["to"] for letter in double.inbox(to="second@")] == ["second@example.com"]
    assert [letter["to"] for letter in double.inbox(tag="cancelled")] == ["second@example.com"]
    assert [letter["to"] for letter in double.inbox(q="7q4k2m")] == ["guest@example.com"]
    assert double.inbox(q="100% nothing") == []


def test_older_letters_come_page_by_page(double: Double) -> None:
    double.http.post("/email/batch", json=[{**MAIL, "Subject": f"Letter {n}"} for n in range(5)])
    first = double.inbox(limit=2)
    assert [letter["subject"] for letter in first] == ["Letter 4", "Letter 3"]
    assert [letter["subject"] for letter in double.inbox(limit=2, before=first[-1]["number"])] == [
        "Letter 2",
        "Letter 1",
    ]


def test_a_letter_has_its_bodies_and_source(double: Double) -> None:
    message_id = double.http.post("/email", json=MAIL).json()["MessageID"]
    letter = double.letter(message_id)
    assert (letter["html"], letter["text"]) == ("<p>Welcome</p>", "Welcome")
    assert '"MessageStream"' not in letter["source"]
    assert '"To": "guest@example.com"' in letter["source"]


def test_a_letters_own_html_can_run_and_load_nothing(double: Double) -> None:
    message_id = double.http.post("/email", json={**MAIL, "HtmlBody": "<script>alert(1)</script>"}).json()["MessageID"]
    shown = double.http.get(f"/_double/inbox/{message_id}/html")
    rules = shown.headers["content-security-policy"]
    assert rules.startswith("sandbox ")
    assert "allow-scripts" not in rules
    assert "default-src 'none'" in rules


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "before=now"])
def test_a_wrong_page_is_refused(double: Double, query: str) -> None:
    assert double.http.get(f"/_double/inbox?{query}").status_code == 422


def test_an_unknown_letter_is_not_there(double: Double) -> None:
    assert double.http.get("/_double/inbox/unknown").status_code == 404
    assert double.http.get("/_double/inbox/unknown/html").status_code == 404
