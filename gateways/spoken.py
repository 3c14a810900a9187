"""The languages that guests are written to in, and what papers borrow from the words of letters.

Rules: docs/rules/notices.md, "Words"; docs/rules/invoices.md, "Printing".
"""

from collections.abc import Mapping

from domain.booking import GONE, Booking
from gateways.english import ENGLISH
from gateways.portuguese import PORTUGUESE
from gateways.tongues import Tongue

TONGUES: Mapping[str, Tongue] = {tongue.code: tongue for tongue in (ENGLISH, PORTUGUESE)}


def spoken(language: str) -> Tongue:
    """The language of that code; English for any that nobody speaks here."""
    return TONGUES.get(language, ENGLISH)


def cancellation(booking: Booking, language: str) -> tuple[str, ...]:
    """How the rooms that still stand may be given up: one sentence where all agree, else one for each of the terms."""
    tongue = spoken(language)
    told: dict[str, list[str]] = {}
    for stay in booking.stays:
        if stay.status not in GONE:
            told.setdefault(tongue.policy(booking, stay), []).append(str(stay.number))
    if len(told) == 1:
        return tuple(told)
    return tuple(tongue.say("room_says", numbers=", ".join(rooms), what=what) for what, rooms in told.items())
