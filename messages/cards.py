"""What Temporal's UI and its searches show of a booking, said once for everybody who starts its workflow."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from temporalio.common import SearchAttributePair, TypedSearchAttributes

from domain.stay import MONTHS, counted
from messages.names import ARRIVAL_DATE, BOOKING_STATUS, CHANNEL, DEPARTURE_DATE, HOTEL_ID, NEEDS_ATTENTION


@dataclass(frozen=True)
class Card:
    """A booking for operations. No person is in it."""

    hotel_id: int
    hotel_slug: str
    status: str
    channel: str
    arrival: date
    departure: date
    rooms: int
    needs_attention: bool = False


def search_attributes(card: Card) -> TypedSearchAttributes:
    """Dates are given as midnight UTC, because the server knows instants only."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(HOTEL_ID, card.hotel_slug),
            SearchAttributePair(BOOKING_STATUS, card.status),
            SearchAttributePair(CHANNEL, card.channel),
            SearchAttributePair(ARRIVAL_DATE, datetime.combine(card.arrival, time(), UTC)),
            SearchAttributePair(DEPARTURE_DATE, datetime.combine(card.departure, time(), UTC)),
            SearchAttributePair(NEEDS_ATTENTION, card.needs_attention),
        ]
    )


def summary(card: Card) -> str:
    """malabar · 21 → 23 Nov 2026 · 1 room"""
    first, last = card.arrival, card.departure
    begin = f"{first.day}"
    if (first.year, first.month) != (last.year, last.month):
        begin += f" {MONTHS[first.month - 1]}"
    if first.year != last.year:
        begin += f" {first.year}"
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    return f"{card.hotel_slug} · {begin} → {end} · {counted(card.rooms, 'room')}"


def static_details(base_url: str, reference: str) -> str:
    """The way from the workflow to the booking at the desk; markdown. base_url: where people reach the API."""
    return f"[{reference} at the desk]({base_url}/desk/bookings/{reference})"
