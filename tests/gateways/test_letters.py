"""What letters say: hotel's time, the whole price, right plurals, and nothing that a guest could smuggle in."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from domain.acts import approved, cancelled, payment_taken
from domain.booking import Booking, Status
from domain.letters import TaxTotal
from domain.money import Money, format_money
from domain.notices import NoticeKind
from domain.terms import Payment
from gateways.english import ENGLISH
from gateways.letters import Letters
from messages.tokens import guest_token, read_guest_token
from tests.gateways.facts import KOCHI, REFERENCE, TERMS, letter_facts, request, room, stay
from tests.gateways.lives import BOOKINGS, DESK, FIRM, PLEASE, WITHOUT_A_ROOM, stayed

SECRET = "a secret for tests only"
LETTERS = Letters("https://stay.example/", SECRET, "bookings@holdfast.example")


class Reading(HTMLParser):
    """What a reader, or a reading program, meets in a letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def links(self) -> list[str]:
        return [attrs.get("href") or "" for tag, attrs in self.tags if tag == "a"]


def both(kind: NoticeKind, booking: Booking | None = None, **changes: object) -> tuple[str, str]:
    """The letter's HTML as read, and its plain text on one line."""
    letter = LETTERS.write(letter_facts(kind, booking or BOOKINGS[kind], **changes))
    return Reading(letter.html).text, " ".join(letter.text.split())


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_a_whole_letter(kind: NoticeKind) -> None:
    letter = LETTERS.write(letter_facts(kind, BOOKINGS[kind]))
    assert letter.tag == kind.value
    assert letter.metadata == {"holdfast_notice": "3.12", "holdfast_booking": REFERENCE}
    assert letter.sender == '"Malabar House" <bookings@holdfast.example>'
    for told in (Reading(letter.html).text, letter.text):
        assert REFERENCE in told
        assert ("Sat 14 Mar 2026" in told) is (kind not in WITHOUT_A_ROOM)
        assert "{" not in told
        assert "None" not in told
        assert "  ," not in told
    assert max(letter.html.count("<html"), letter.html.count("</html>")) == 1


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_letter_can_be_read_aloud_and_in_the_dark(kind: NoticeKind) -> None:
    letter = LETTERS.write(letter_facts(kind, BOOKINGS[kind]))
    read = Reading(letter.html)
    assert ("html", "en") in [(tag, attrs.get("lang")) for tag, attrs in read.tags]
    assert any(attrs.get("role") == "article" and attrs.get("aria-label") for _, attrs in read.tags)
    assert [tag for tag, _ in read.tags].count("h1") == 1
    assert all(attrs.get("scope") == "row" for tag, attrs in read.tags if tag == "th")
    assert all("alt" in attrs for tag, attrs in read.tags if tag == "img")
    assert "prefers-color-scheme: dark" in letter.html


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_letter_loads_nothing_from_elsewhere(kind: NoticeKind) -> None:
    letter = LETTERS.write(letter_facts(kind, BOOKINGS[kind]))
    assert all(link.startswith("https://stay.example/") for link in Reading(letter.html).links)
    assert not re.search(r"""(src|background)\s*=|url\(|@import""", letter.html)


def test_times_are_the_hotels_in_kochi() -> None:
    for told in both(NoticeKind.RECEIVED):
        assert "at the latest by Fri 13 Mar 2026, 18:00 (IST)" in told
        assert "Sat 14 Mar 2026, from 14:00" in told
        assert "12:30" not in told


def test_the_same_instant_is_saturday_morning_in_apia() -> None:
    apia = request(terms=replace(TERMS, zone="Pacific/Apia", currency="WST"))
    for told in both(NoticeKind.RECEIVED, apia):
        assert "Sat 14 Mar 2026, 01:30 (UTC+13:00)" in told


def test_one_room_for_one_night_is_told_in_the_singular() -> None:
    one = request(stay(nights=1, total_minor=784_000))
    for told in both(NoticeKind.RECEIVED, one):
        assert "1 room for 1 night with us" in told
        assert "the room is kept for you" in told
        assert "rooms" not in told.replace("Heritage Double", "")


def test_several_rooms_are_told_in_the_plural_each_with_its_nights_and_sum() -> None:
    two = request(stay(1), stay(2, nights=1, total_minor=784_000))
    for told in both(NoticeKind.RECEIVED, two):
        assert "2 rooms for 1 to 3 nights" in told
        assert "the rooms are kept for you" in told
        assert "Room 1: Heritage Double" in told
        assert "2 nights from Sat 14 Mar 2026 × INR 6,500.00" in told
        assert "1 night from Mon 16 Mar 2026" in told
        assert re.search(r"Room 1 with taxes:? INR 22,400\.00", told)
        assert re.search(r"Room 2 with taxes:? INR 7,840\.00", told)
        assert re.search(r"Total with taxes:? INR 30,240\.00", told)
        assert "1 child (5)" in told


def test_the_lines_of_a_room_add_up_to_its_total() -> None:
    letter = LETTERS.write(letter_facts(NoticeKind.CONFIRMED, FIRM))
    lines = letter.text.split("Heritage Double")[1].split("Total with taxes:")[0]
    amounts = [int(f"{whole}{cents}".replace(",", "")) for whole, cents in re.findall(r": INR ([\d,]+)\.(\d\d)", lines)]
    assert sum(amounts) == FIRM.stays[0].total_minor


def test_a_tax_inside_the_price_is_shown_as_included() -> None:
    taxed = room(FIRM.stays[0], taxes=(TaxTotal("City tax", 5_600, included=True),))
    for told in both(NoticeKind.CONFIRMED, FIRM, rooms=(taxed,)):
        assert re.search(r"included: City tax:? INR 56\.00", told)


def test_breakfast_is_named_once() -> None:
    for name, words in (
        ("Flexible", "Flexible · with breakfast"),
        ("Flexible with breakfast", "Flexible with breakfast"),
    ):
        for told in both(NoticeKind.CONFIRMED, rooms=(room(FIRM.stays[0], rate_plan=name),)):
            assert f"{words} · 2 adults, 1 child (5)" in told


def test_a_stay_of_many_prices_is_told_in_a_bounded_letter() -> None:
    long = request(stay(nights=90))
    every_night_another_price = tuple(
        replace(price, amount_minor=price.amount_minor + n) for n, price in enumerate(room(long.stays[0]).nights)
    )
    facts = letter_facts(NoticeKind.RECEIVED, long, rooms=(room(long.stays[0], nights=every_night_another_price),))
    text = LETTERS.write(facts).text
    assert "59 more nights from Tue 14 Apr 2026" in text
    assert len(text.splitlines()) < 80


def test_the_guest_is_told_the_price_of_cancelling_and_what_happens_next() -> None:
    for told in both(NoticeKind.RECEIVED):
        assert ENGLISH.policy(request(), stay()) in told
        assert "13 Mar 2026, 18:00" in told
        assert "What happens next" in told
        assert "Without an answer the request ends by itself, and nothing is owed." in told
    for told in both(NoticeKind.CONFIRMED):
        assert "Sun 15 Mar 2026, 03:00 (IST) If nobody has checked in by then" in told


def test_rooms_that_come_on_different_days_have_clocks_of_their_own() -> None:
    apart = approved(request(stay(1), stay(2, arrival=stay().arrival + timedelta(days=2))), DESK).after
    for told in both(NoticeKind.CONFIRMED, apart):
        assert "Sun 15 Mar 2026, 03:00 (IST) Room 1: If nobody" in told
        assert "Tue 17 Mar 2026, 03:00 (IST) Room 2: If nobody" in told


def test_a_guest_gets_a_link_that_opens_just_this_booking() -> None:
    letter = LETTERS.write(letter_facts(NoticeKind.CONFIRMED, FIRM, token_generation=4))
    token = guest_token(SECRET, KOCHI.hotel_id, REFERENCE, 4)
    link = f"https://stay.example/b/{REFERENCE}?token={token}"
    assert Reading(letter.html).links == [link]
    assert link in letter.text
    told = read_guest_token(SECRET, token)
    assert told is not None
    assert (told.hotel_id, told.reference, told.generation) == (3, REFERENCE, 4)


def test_without_a_guest_portal_the_letter_says_whom_to_call_or_write_to() -> None:
    closed = approved(request(terms=replace(TERMS, guest_portal=False)), DESK).after
    letter = LETTERS.write(letter_facts(NoticeKind.CONFIRMED, closed))
    assert Reading(letter.html).links == []
    assert "token" not in letter.text
    for told in both(NoticeKind.CONFIRMED, closed):
        assert (
            "To change or cancel anything, please call +91 484 000 0000 or write to frontdesk@malabar.example, "
            f"and name {REFERENCE}."
        ) in told


def test_a_hotel_without_a_phone_is_written_to_and_one_without_both_is_asked() -> None:
    closed = approved(request(terms=replace(TERMS, guest_portal=False)), DESK).after
    for told in both(NoticeKind.CONFIRMED, closed, hotel=replace(KOCHI, phone="")):
        assert "please write to frontdesk@malabar.example, and name" in told
    nowhere = replace(KOCHI, phone="", email="")
    for told in both(NoticeKind.CONFIRMED, closed, hotel=nowhere):
        assert "please ask at the hotel, and name" in told
    assert LETTERS.write(letter_facts(NoticeKind.CONFIRMED, closed, hotel=nowhere)).reply_to == ""


def test_the_staff_get_the_guests_words_and_a_link_to_the_desk() -> None:
    letter = LETTERS.write(letter_facts(NoticeKind.NEW_REQUEST))
    assert letter.to == "frontdesk@malabar.example"
    assert Reading(letter.html).links == [f"https://stay.example/desk/bookings/{REFERENCE}"]
    for told in (Reading(letter.html).text, letter.text):
        assert "guest@example.com" in told
        assert "+44 20 0000 0000" in told
        assert "A quiet room, please." in told


def test_a_guest_without_a_phone_leaves_no_empty_line() -> None:
    for told in both(NoticeKind.NEW_REQUEST, guest_phone=""):
        assert "Phone" not in told


def test_a_guests_markup_is_shown_and_never_obeyed() -> None:
    evil = '<img src=x onerror=alert(1)>{{ 7 * 7 }} & "friends"'
    letter = LETTERS.write(letter_facts(NoticeKind.NEW_REQUEST, special_requests=evil, guest_name=evil))
    assert not [tag for tag, _ in Reading(letter.html).tags if tag == "img"]
    assert "&lt;img src=x" in letter.html
    assert evil in Reading(letter.html).text
    assert evil in letter.text


def test_a_name_with_a_link_in_it_greets_nobody() -> None:
    for told in both(NoticeKind.RECEIVED, guest_name="Your prize waits at evil.example"):
        assert "Dear guest," in told
        assert "evil" not in told


def test_a_hotel_with_a_long_name_keeps_its_letter_and_sender_in_bounds() -> None:
    hotel = replace(KOCHI, name='The "Grand" House of ' + "Kochi " * 40)
    letter = LETTERS.write(letter_facts(NoticeKind.CONFIRMED, FIRM, hotel=hotel))
    assert len(letter.subject) <= 150
    assert len(letter.sender) <= 100
    assert letter.sender.count('"') == 2


@pytest.mark.parametrize(
    ("paid_minor", "words"),
    [
        (2_240_000, "Your account of INR 22,400.00 is settled."),
        (2_000_000, "INR 2,400.00 of your account is still open"),
        (2_300_000, "You have paid INR 600.00 more than is owed; we will return it."),
        (0, "INR 22,400.00 of your account is still open"),
    ],
)
def test_the_last_letter_tells_how_the_account_stands(paid_minor: int, words: str) -> None:
    for told in both(NoticeKind.CHECK_OUT, stayed(FIRM, paid_minor)):
        assert words in told


def test_where_no_money_is_taken_here_no_letter_speaks_of_an_open_account() -> None:
    free = approved(request(terms=replace(TERMS, payment=Payment.NONE)), DESK).after
    for told in (*both(NoticeKind.CHECK_OUT, stayed(free, 0)), *both(NoticeKind.CONFIRMED, free)):
        assert "still open" not in told
        assert "o pay" not in told


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (lambda: cancelled(request(), PLEASE, (1,)).after, "your request for 1 room for 3 nights from Sat 14 Mar"),
        (lambda: cancelled(FIRM, PLEASE, (1,)).after, "As you wished, your booking of 1 room for 3 nights"),
        (lambda: cancelled(FIRM, DESK, (1,)).after, "has been cancelled by us. If this comes as a surprise"),
    ],
)  # fmt: skip
def test_a_cancellation_says_whose_wish_it_was_and_that_nothing_is_owed(end: Callable[[], Booking], words: str) -> None:
    for told in both(NoticeKind.CANCELLED, end()):
        assert words in told
        assert "You have not been charged, and nothing is owed." in told


def test_giving_up_one_of_two_rooms_says_that_the_other_stays() -> None:
    part = cancelled(approved(request(stay(1), stay(2)), DESK).after, PLEASE, (2,)).after
    assert part.status is Status.CONFIRMED
    for told in both(NoticeKind.CANCELLED, part):
        assert (
            "We have cancelled 1 room for 3 nights from Sat 14 Mar 2026. Everything else in your booking stays" in told
        )
        assert "another time" not in told


def test_money_paid_for_what_is_cancelled_is_named() -> None:
    paid = payment_taken(FIRM, DESK, "cash", 500_000, "").after
    for told in both(NoticeKind.CANCELLED, cancelled(paid, DESK, (1,)).after):
        assert f"You have paid {format_money(Money(500_000, 'INR'))} more than is owed; we will return it." in told


def test_a_last_minute_request_names_no_deadline_of_the_past() -> None:
    late = request(now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    for told in both(NoticeKind.RECEIVED, late):
        assert "had passed when the booking was made" in told
        assert "free of charge until" not in told
