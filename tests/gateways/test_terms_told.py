"""Cancellation terms as letters and papers tell them: docs/rules/terms.md, "In words"."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from domain.booking import ClockMove, Status
from domain.terms import CancellationTier, Penalty
from gateways.english import ENGLISH
from gateways.portuguese import PORTUGUESE
from gateways.spoken import cancellation
from tests.gateways.facts import ASKED_AT, request, stay

NO_BREAK = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("changes", "english", "portuguese"),
    [
        (
            {},
            "Cancelling is free of charge until Fri 13 Mar 2026, 18:00 (IST); after that it costs the first night.",
            "O cancelamento é gratuito até sexta-feira, 13 de março de 2026, às 18:00 (hora local, IST); "
            "depois custa a primeira noite.",
        ),
        (
            {"free_until_days": None, "late_cancellation": Penalty.FULL},
            "Not refundable: cancelling costs the whole stay.",
            "Não reembolsável: o cancelamento custa a estadia completa.",
        ),
        (
            {"late_cancellation": Penalty.NONE},
            "Cancelling is free of charge until check-in.",
            "O cancelamento é gratuito até ao check-in.",
        ),
        (
            {
                "late_cancellation": Penalty.PERCENT,
                "late_percent": 50,
                "tiers": (CancellationTier(0, time(12), Penalty.FULL),),
            },
            "Cancelling is free of charge until Fri 13 Mar 2026, 18:00 (IST); after that it costs 50 % of the stay. "
            "From Sat 14 Mar 2026, 12:00 (IST) it costs the whole stay.",
            "O cancelamento é gratuito até sexta-feira, 13 de março de 2026, às 18:00 (hora local, IST); depois custa "
            "50 % da estadia. A partir de sábado, 14 de março de 2026, às 12:00 (hora local, IST), custa a estadia "
            "completa.",
        ),
        (
            {
                "late_cancellation": Penalty.NONE,
                "tiers": (CancellationTier(0, time(12), Penalty.FIXED, fixed_minor=150_000),),
            },
            "Cancelling is free of charge until Sat 14 Mar 2026, 12:00 (IST); after that it costs INR 1,500.00, "
            "but never more than the stay.",
            "O cancelamento é gratuito até sábado, 14 de março de 2026, às 12:00 (hora local, IST); depois custa "
            f"1500,00{NO_BREAK}INR, mas nunca mais do que a estadia.",
        ),
        (
            {"think_minutes": 24 * 60},
            "Cancelling is free of charge until Fri 13 Mar 2026, 18:00 (IST); after that it costs the first night. "
            "In the first 24 hours after booking it is free of charge in any case.",
            "O cancelamento é gratuito até sexta-feira, 13 de março de 2026, às 18:00 (hora local, IST); "
            "depois custa a primeira noite. Durante 24 horas após a reserva é gratuito em qualquer caso.",
        ),
        (
            # A tier that begins before the free time ends is the price from its end on.
            {"tiers": (CancellationTier(2, time(12), Penalty.FULL),)},
            "Cancelling is free of charge until Fri 13 Mar 2026, 18:00 (IST); after that it costs the whole stay.",
            "O cancelamento é gratuito até sexta-feira, 13 de março de 2026, às 18:00 (hora local, IST); "
            "depois custa a estadia completa.",
        ),
    ],
)
def test_terms_are_told_with_their_price(changes: dict[str, object], english: str, portuguese: str) -> None:
    own = replace(stay(), terms=replace(stay().terms, **changes))  # type: ignore[arg-type]
    booking = request(own)
    told = booking.stays[0]
    assert (ENGLISH.policy(booking, told), PORTUGUESE.policy(booking, told)) == (english, portuguese)


def test_a_last_minute_guest_is_not_told_of_a_free_deadline_in_the_past() -> None:
    late = request(now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    assert ENGLISH.policy(late, late.stays[0]) == (
        "Cancelling costs the first night: the time for cancelling free of charge had passed when the booking was made."
    )


def test_prices_that_no_longer_held_at_booking_are_not_told() -> None:
    """Booked on the day of arrival at 09:30: half the stay was the price until 09:00, all of it from then on."""
    tiers = (CancellationTier(0, time(9), Penalty.FULL),)
    half = {"late_cancellation": Penalty.PERCENT, "late_percent": 50, "tiers": tiers}
    own = replace(stay(), terms=replace(stay().terms, **half))  # type: ignore[arg-type]
    late = request(own, now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    assert PORTUGUESE.policy(late, late.stays[0]) == (
        "O cancelamento custa a estadia completa: o prazo para cancelar gratuitamente já tinha passado quando a "
        "reserva foi feita."
    )
    never = replace(own, terms=replace(own.terms, free_until_days=None))
    late = request(never, now=datetime(2026, 3, 14, 4, 0, tzinfo=UTC))
    assert ENGLISH.policy(late, late.stays[0]) == "Not refundable: cancelling costs the whole stay."


def test_a_paper_tells_the_terms_of_the_rooms_that_stand_in_its_language() -> None:
    """Once where they agree, else with the rooms' numbers; a room that was given up is passed over."""
    full = replace(stay().terms, free_until_days=None, late_cancellation=Penalty.FULL)
    rooms = (stay(), stay(2), replace(stay(3), terms=full), replace(stay(4), terms=full))
    four = request(*rooms)
    free = ENGLISH.policy(four, four.stays[0])
    assert cancellation(four, "en") == (
        f"Room 1, 2: {free}", "Room 3, 4: Not refundable: cancelling costs the whole stay.",
    )  # fmt: skip
    gone = replace(four, stays=(*four.stays[:2], *(replace(one, status=Status.CANCELLED) for one in four.stays[2:])))
    assert cancellation(gone, "pt") == (PORTUGUESE.policy(four, four.stays[0]),)
    # A language that nobody speaks here is English, as in letters.
    assert cancellation(gone, "xx") == (free,)


def test_the_terms_name_the_moment_to_which_a_person_moved_the_clock() -> None:
    """Also once the guest is in the house and the clock is no longer on the agenda."""
    asked = request()
    until = datetime(2026, 3, 14, 6, 30, tzinfo=UTC)
    move = ClockMove("cancel_free_until-1", until, "staff", "manager", 2, ASKED_AT)
    moved = replace(asked, moves=(move,))
    inside = replace(moved, stays=(replace(moved.stays[0], status=Status.CHECKED_IN),))
    for booking in (moved, inside):
        assert "14 de março de 2026, às 12:00 (hora local, IST)" in PORTUGUESE.policy(booking, booking.stays[0])
