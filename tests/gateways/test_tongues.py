"""The languages of letters: the same phrases in each, and dates, clocks, sums and plurals as each says them."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.acts import approved, cancelled
from domain.booking import Status
from domain.letters import greeted_name
from domain.notices import Notice, NoticeKind
from gateways.english import ENGLISH
from gateways.letters import Letters
from gateways.portuguese import PORTUGUESE
from gateways.spoken import TONGUES
from gateways.tongues import WORDS
from tests.gateways.facts import KOCHI, letter_facts, request, stay
from tests.gateways.lives import BOOKINGS, DESK, FIRM, PLEASE, WITHOUT_A_ROOM, option

LETTERS = Letters("https://stay.example/", "a secret for tests only", "bookings@holdfast.example")
NO_BREAK = "\N{NO-BREAK SPACE}"
PLACES = re.compile(r"\{(\w+)\}")
# Words that only English letters have; a Portuguese one with any of them was left half translated.
ENGLISH_WORDS = re.compile(r"\b(the|your|you|with|please|booking|night|nights|room|rooms|from|until|and|is|are)\b")


def words_of(code: str) -> dict[str, dict[str, object]]:
    """A language's file."""
    return tomllib.loads((WORDS / code / "phrases.toml").read_text(encoding="utf-8"))


def test_every_language_has_the_same_phrases_with_the_same_places() -> None:
    english, portuguese = words_of("en"), words_of("pt")
    assert {part: list(told) for part, told in english.items()} == {
        part: list(told) for part, told in portuguese.items()
    }
    for key, phrase in english["phrases"].items():
        other = str(portuguese["phrases"][key])
        assert set(PLACES.findall(str(phrase))) == set(PLACES.findall(other)), key


def test_every_language_has_a_file_of_words_for_every_kind_and_no_other() -> None:
    for code in TONGUES:
        assert {path.stem for path in (WORDS / code).glob("*.txt")} == set(NoticeKind)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_portuguese_letter_is_portuguese_throughout(kind: NoticeKind) -> None:
    facts = letter_facts(kind, BOOKINGS[kind], language="pt", special_requests="")
    rooms = tuple(replace(room, room_type="Quarto duplo", rate_plan="Flexível") for room in facts.rooms)
    letter = LETTERS.write(replace(facts, rooms=rooms))
    assert '<html lang="pt"' in letter.html
    told = re.sub(r"https?://\S+|\S+@\S+", "", f"{letter.subject} {letter.text}")
    assert ENGLISH_WORDS.findall(told.lower().replace("check-in", "")) == []
    assert ("14 de março de 2026" in letter.text) is (kind not in WITHOUT_A_ROOM)
    assert "14 Mar" not in letter.text


def test_a_language_nobody_speaks_here_is_english() -> None:
    assert "Dear A Guest" in LETTERS.write(letter_facts(NoticeKind.CONFIRMED, FIRM, language="xx")).text


@pytest.mark.parametrize("code", list(TONGUES))
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_subject_is_one_bounded_line_with_the_whole_reference(kind: NoticeKind, code: str) -> None:
    hotel = replace(KOCHI, name="The Long Named House\nof " + "Kochi " * 40)
    subject = LETTERS.write(letter_facts(kind, BOOKINGS[kind], hotel=hotel, language=code)).subject
    assert len(subject) <= 150
    assert "\n" not in subject
    assert "MLB-20260314-7Q4K2M" in subject


def test_the_staff_see_what_is_asked_and_until_when_in_the_hotels_time() -> None:
    facts = letter_facts(NoticeKind.NEW_REQUEST, request(stay(1), stay(2)))
    assert LETTERS.write(facts).subject == (
        "Request MLB-20260314-7Q4K2M: 2 rooms for 3 nights from Sat 14 Mar 2026, answer by Fri 13 Mar 2026, 18:00 (IST)"
    )
    assert LETTERS.write(replace(facts, language="pt")).subject == (
        "Pedido MLB-20260314-7Q4K2M: 2 quartos por 3 noites a partir de sáb., 14 mar. 2026, "
        "responder até sex., 13 mar. 2026, 18:00"
    )


def test_a_request_without_a_deadline_names_none() -> None:
    answered = replace(request(), approval_deadline=None)
    assert LETTERS.write(letter_facts(NoticeKind.NEW_REQUEST, answered)).subject == (
        "Request MLB-20260314-7Q4K2M: 1 room for 3 nights from Sat 14 Mar 2026"
    )


@pytest.mark.parametrize(
    ("lengths", "english", "portuguese"),
    [
        ([1], "1 room for 1 night", "1 quarto por 1 noite"),
        ([3], "1 room for 3 nights", "1 quarto por 3 noites"),
        ([3, 3], "2 rooms for 3 nights", "2 quartos por 3 noites"),
        ([2, 4], "2 rooms for 2 to 4 nights", "2 quartos por 2 a 4 noites"),
    ],
)
def test_rooms_and_nights_carry_the_right_word(lengths: list[int], english: str, portuguese: str) -> None:
    stays = [stay(number, nights=nights) for number, nights in enumerate(lengths, 1)]
    assert (ENGLISH.rooms(stays), PORTUGUESE.rooms(stays)) == (english, portuguese)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "told"),
    [
        (400, "EUR", "4,00 €"),
        (123_450, "EUR", "1234,50 €"),
        (1_234_500, "EUR", "12 345,00 €"),
        (2_240_000, "INR", "22 400,00 INR"),
        (123_456_789, "USD", "1 234 567,89 USD"),
        (12_000, "JPY", "12 000 JPY"),
        (1_234, "KWD", "1,234 KWD"),
        (-500, "EUR", "-5,00 €"),
    ],
)
def test_sums_are_written_as_in_portugal(amount_minor: int, currency: str, told: str) -> None:
    assert PORTUGUESE.money(amount_minor, currency) == told.replace(" ", NO_BREAK)


def test_a_sum_keeps_its_no_break_spaces_on_the_way_into_a_letter() -> None:
    letter = LETTERS.write(letter_facts(NoticeKind.CHANGED, FIRM, language="pt"))
    assert f"22{NO_BREAK}400,00{NO_BREAK}INR" in letter.text
    assert f"22{NO_BREAK}400,00{NO_BREAK}INR" in letter.html.replace("&nbsp;", NO_BREAK)


@pytest.mark.parametrize(
    ("instant", "zone", "told"),
    [
        (
            datetime(2026, 3, 14, 18, tzinfo=UTC),
            "Europe/Lisbon",
            "sábado, 14 de março de 2026, às 18:00 (hora local, WET)",
        ),
        (
            datetime(2027, 3, 28, 17, tzinfo=UTC),
            "Europe/Lisbon",
            "domingo, 28 de março de 2027, às 18:00 (hora local, WEST)",
        ),
        (
            datetime(2026, 3, 13, 12, 30, tzinfo=UTC),
            "Pacific/Apia",
            "sábado, 14 de março de 2026, à 01:30 (hora local, UTC+13:00)",
        ),
    ],
)
def test_clocks_are_the_hotels_in_portuguese(instant: datetime, zone: str, told: str) -> None:
    assert PORTUGUESE.moment(instant, zone) == told


def test_every_weekday_and_month_has_its_name() -> None:
    days = [PORTUGUESE.day(date(2026, month, month)) for month in range(1, 13)]
    assert days[0] == "quinta-feira, 1 de janeiro de 2026"
    assert len({day.split(" de ")[1] for day in days}) == 12
    week = {PORTUGUESE.brief_day(date(2026, 3, 9) + timedelta(days=n)).partition(",")[0] for n in range(7)}
    assert week == {"seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom."}


def texts(kind: NoticeKind, booking: object, **changes: object) -> tuple[str, str]:
    """The letter's plain text in both languages, each on one line, with plain spaces."""
    facts = letter_facts(kind, booking, **changes)  # type: ignore[arg-type]
    english, portuguese = (" ".join(LETTERS.write(replace(facts, language=code)).text.split()) for code in TONGUES)
    return english, portuguese


def test_the_fee_of_a_cancellation_is_named_and_what_was_waived_too() -> None:
    late = replace(FIRM, stays=(replace(FIRM.stays[0], status=Status.CANCELLED, fee_minor=650_000),))
    gone = replace(late, status=Status.CANCELLED, cancellation_reason="cancelled by guest")
    english, portuguese = texts(NoticeKind.CANCELLED, gone)
    assert "By the terms of your rate the cancellation costs INR 6,500.00. INR 6,500.00 remains to be paid." in english
    assert "o cancelamento custa 6500,00 INR. Falta pagar 6500,00 INR." in portuguese
    spared = replace(gone, stays=(replace(gone.stays[0], fee_minor=0, fee_waived_minor=650_000),))
    english, portuguese = texts(NoticeKind.CANCELLED, spared)
    assert "We have waived the fee of INR 6,500.00. You have not been charged, and nothing is owed." in english
    assert "Prescindimos da taxa de 6500,00 INR." in portuguese


def test_an_option_says_until_when_it_is_held_and_how_to_take_it() -> None:
    english, portuguese = texts(NoticeKind.HELD, option())
    assert "We are holding 1 room for 3 nights from Sat 14 Mar 2026 for you until Fri 13 Mar 2026, 18:00" in english
    assert "To take it, please call +91 484 000 0000" in english
    assert "guardado para si até sexta-feira, 13 de março de 2026, às 18:00 (hora local, IST)" in portuguese


def test_an_option_that_ended_is_not_called_a_request() -> None:
    ended = replace(BOOKINGS[NoticeKind.EXPIRED], source="phone")
    english, portuguese = texts(NoticeKind.EXPIRED, ended)
    assert "The option that we held for you" in english
    assert "A opção que guardávamos para si" in portuguese


def test_a_welcome_names_the_room_and_when_it_is_due_back() -> None:
    english, portuguese = texts(NoticeKind.CHECK_IN, BOOKINGS[NoticeKind.CHECK_IN])
    assert "Your room is number 204." in english
    assert "give your room back by Tue 17 Mar 2026, 11:00 (IST)" in english
    assert "O seu quarto é o número 204." in portuguese


@pytest.mark.parametrize(
    ("verdict", "words"), [("declined", "we cannot make the change"), ("lapsed", "we did not answer the change")]
)
def test_an_answer_to_a_change_says_which(verdict: str, words: str) -> None:
    facts = letter_facts(NoticeKind.CHANGE_ANSWERED, FIRM)
    told = LETTERS.write(replace(facts, notice=replace(facts.notice, verdict=verdict))).text
    assert words in told
    assert "stays exactly as it was" in told


def test_the_manager_is_told_more_urgently_than_the_desk() -> None:
    facts = letter_facts(NoticeKind.DEADLINE_NEAR, request())
    to_manager = LETTERS.write(replace(facts, notice=replace(facts.notice, who="manager"))).text
    assert "Half of the time for an answer has passed" in LETTERS.write(facts).text
    assert "Most of the time for an answer has passed, and nobody has answered" in to_manager


def test_where_no_answer_means_yes_nobody_is_told_that_it_means_no() -> None:
    terms = request().terms
    booking = request(terms=replace(terms, approval=replace(terms.approval, at_end="approve")))
    for kind in (NoticeKind.RECEIVED, NoticeKind.NEW_REQUEST, NoticeKind.DEADLINE_NEAR):
        english, portuguese = texts(kind, booking)
        assert "confirmed" in english
        assert "ends by itself" not in english
        assert "expires" not in english
        assert "caduca" not in portuguese


def test_an_overstay_names_the_room_and_an_added_night() -> None:
    inside = BOOKINGS[NoticeKind.OVERSTAY]
    assert (
        "still in the house: room 204. Check-out was due by Tue 17 Mar 2026, 11:00"
        in texts(NoticeKind.OVERSTAY, inside)[0]
    )
    longer = replace(inside, stays=(replace(inside.stays[0], departure=date(2026, 3, 18), overstayed=1),))
    assert (
        "a night that nobody had booked: room 204. Check-out is now due by Wed 18 Mar 2026, 11:00"
        in texts(NoticeKind.OVERSTAY, longer)[0]
    )


@pytest.mark.parametrize("kind", sorted(WITHOUT_A_ROOM))
def test_who_may_be_a_stranger_learns_nothing_of_the_stay(kind: NoticeKind) -> None:
    for told in texts(kind, FIRM, guest_name="A Guest"):
        for secret in ("14 Mar", "março", "Heritage", "22", "token=Wz", "+44"):
            assert secret not in told.replace("MLB-20260314-7Q4K2M", ""), secret
    if kind is NoticeKind.EMAIL_CONFIRM:
        assert "A Guest" not in texts(kind, FIRM)[0]


def test_the_page_that_confirms_an_address_is_ours_and_nobody_elses() -> None:
    def linked(link: str) -> str:
        facts = letter_facts(NoticeKind.EMAIL_CONFIRM, FIRM, notice=Notice(12, NoticeKind.EMAIL_CONFIRM, link=link))
        return LETTERS.write(facts).text

    for link in ("https://stay.example/confirm?token=x", "/confirm?token=x"):
        assert "https://stay.example/confirm?token=x" in linked(link)
    for strange in ("https://evil.example/confirm", "https://stay.example.evil.example/", ""):
        with pytest.raises(ValueError, match="a page of ours"):
            linked(strange)


def test_an_early_departure_shows_its_fee_among_the_lines() -> None:
    left = BOOKINGS[NoticeKind.CHECK_OUT]
    early = replace(left, stays=(replace(left.stays[0], fee_minor=10_000),))
    english, portuguese = texts(NoticeKind.CHECK_OUT, early)
    assert "Fee for leaving early: INR 100.00 Total with taxes: INR 22,500.00" in english
    assert "Taxa por saída antecipada: 100,00 INR" in portuguese


@pytest.mark.parametrize(
    ("made", "english", "portuguese"),
    [
        (lambda: cancelled(request(), PLEASE, (1,)).after, "Withdrawn: ", "Pedido retirado: "),
        (lambda: cancelled(FIRM, PLEASE, (1,)).after, "Cancelled: ", "Cancelado: "),
    ],
)
def test_a_withdrawn_request_is_not_called_a_cancelled_booking(
    made: Callable[[], object], english: str, portuguese: str
) -> None:
    facts = letter_facts(NoticeKind.CANCELLED, made())  # type: ignore[arg-type]
    assert LETTERS.write(facts).subject.startswith(english)
    assert LETTERS.write(replace(facts, language="pt")).subject.startswith(portuguese)


def test_a_guest_without_a_name_is_a_guest_in_every_language() -> None:
    assert greeted_name("www.evil.example") == ""
    english, portuguese = texts(NoticeKind.CONFIRMED, FIRM, guest_name="www.evil.example")
    assert "Dear guest," in english
    assert "Estimado(a) hóspede," in portuguese


def test_two_rooms_agree_in_number() -> None:
    two = approved(request(stay(1), stay(2)), DESK).after
    english, portuguese = texts(NoticeKind.PRE_ARRIVAL, two)
    assert "Your rooms are ready from" in english
    assert "Os seus quartos estão prontos a partir de" in portuguese
