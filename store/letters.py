"""What letters are written from: the booking as it stands, its hotel, its guest, its rooms with every price line."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.letters import HotelCard, LetterFacts, NightPrice, RoomFacts, TaxTotal
from domain.notices import Notice, NoticeKind
from store.states import read_state

# Whom a notice (n) goes to. A deadline that is told to the manager goes to the first manager with a login, if any.
READER = """
    JOIN bookings b ON b.hotel_id = n.hotel_id AND b.reference = n.reference
    JOIN hotels h ON h.hotel_id = n.hotel_id
    JOIN guests g ON g.hotel_id = b.hotel_id AND g.guest_id = b.guest_id
    LEFT JOIN LATERAL (
        SELECT p.email FROM staff_roles r JOIN staff p ON p.staff_id = r.staff_id AND p.active
        WHERE n.data ->> 'who' = 'manager' AND r.hotel_id = n.hotel_id AND r.role = 'manager'
        ORDER BY p.staff_id LIMIT 1
    ) manager ON true
"""
ADDRESS = """
    coalesce(n.to_email, CASE n.audience WHEN 'staff' THEN coalesce(manager.email, h.email) ELSE g.email END, '')
"""
_CLAIMED = text(f"""
    SELECT n.notice_id, n.kind, n.stay, n.useful_until, n.attempts, n.data, n.reference, {ADDRESS} AS address, b.state,
        b.special_requests, b.token_generation,
        CASE n.audience WHEN 'staff' THEN h.language ELSE b.language END AS language,
        g.name AS guest_name, coalesce(g.email, '') AS guest_email, coalesce(g.phone, '') AS guest_phone,
        h.name, h.city, h.address AS street, h.phone, h.email
    FROM notices n
    {READER}
    WHERE n.hotel_id = :hotel_id AND n.notice_id = ANY(:ids) AND n.state = 'sending'
    ORDER BY n.notice_id
""")
_ROOMS = text("""
    SELECT s.reference, s.stay, t.name AS room_type, p.name AS rate_plan, p.meal_plan, s.adults, s.children_ages
    FROM stays s
    JOIN room_types t ON t.hotel_id = s.hotel_id AND t.room_type_id = s.room_type_id
    JOIN rate_plans p ON p.hotel_id = s.hotel_id AND p.rate_plan_id = s.rate_plan_id
    WHERE s.hotel_id = :hotel_id AND s.reference = ANY(:references)
    ORDER BY s.reference, s.stay
""")
_LINES = text("""
    SELECT reference, stay, kind, night, name, included, amount_minor FROM nightly_lines
    WHERE hotel_id = :hotel_id AND reference = ANY(:references) AND superseded_seq IS NULL AND NOT released
    ORDER BY reference, stay, line
""")


def notice_of(row: Row[Any]) -> Notice:
    """A notice's row (notice_id, kind, stay, useful_until, attempts, data) as the rules know it."""
    data = row.data
    return Notice(
        notice_id=row.notice_id,
        kind=NoticeKind(row.kind),
        stay=row.stay,
        useful_until=row.useful_until,
        attempts=row.attempts,
        who=str(data.get("who", "")),
        verdict=str(data.get("verdict", "")),
        change=data.get("change"),
        link=str(data.get("link", "")),
        payment=data.get("payment"),
        refund=data.get("refund"),
        cause=str(data.get("cause", "")),
        amount_minor=data.get("amount_minor"),
        resend_of=data.get("resend_of"),
    )


async def read_letters(tx: AsyncConnection, hotel_id: int, notice_ids: Sequence[int]) -> list[LetterFacts]:
    """The facts of claimed notices, in their order."""
    claimed = (await tx.execute(_CLAIMED, {"hotel_id": hotel_id, "ids": list(notice_ids)})).all()
    about = {"hotel_id": hotel_id, "references": sorted({row.reference for row in claimed})}
    rooms_of: dict[str, list[Row[Any]]] = defaultdict(list)
    lines_of: dict[tuple[str, int], list[Row[Any]]] = defaultdict(list)
    for room in (await tx.execute(_ROOMS, about)).all() if claimed else []:
        rooms_of[room.reference].append(room)
    for line in (await tx.execute(_LINES, about)).all() if claimed else []:
        lines_of[(line.reference, line.stay)].append(line)
    return [_facts(hotel_id, row, rooms_of[row.reference], lines_of) for row in claimed]


def _facts(
    hotel_id: int,
    row: Row[Any],
    rooms: Iterable[Row[Any]],
    lines_of: dict[tuple[str, int], list[Row[Any]]],
) -> LetterFacts:
    booking = read_state(row.state)
    by_number = {room.stay: room for room in rooms}
    names = row.data.get("rooms")
    return LetterFacts(
        notice=notice_of(row),
        booking=booking,
        hotel=HotelCard(hotel_id, row.name, row.city, row.street, row.phone, row.email),
        rooms=tuple(
            RoomFacts(
                stay=stay,
                room_type=by_number[stay.number].room_type,
                rate_plan=by_number[stay.number].rate_plan,
                meal_plan=by_number[stay.number].meal_plan,
                adults=by_number[stay.number].adults,
                children_ages=tuple(by_number[stay.number].children_ages),
                nights=_nights(lines_of[(row.reference, stay.number)]),
                taxes=_taxes(lines_of[(row.reference, stay.number)]),
            )
            for stay in booking.stays
        ),
        to=row.address,
        language=row.language,
        guest_name=row.guest_name,
        guest_email=row.guest_email,
        guest_phone=row.guest_phone,
        special_requests=row.special_requests,
        token_generation=row.token_generation,
        numbers=None if names is None else tuple(int(name.partition("@")[0]) for name in names),
    )


def _nights(lines: Iterable[Row[Any]]) -> tuple[NightPrice, ...]:
    """The room's price of each night; several room lines of one night are one price."""
    prices: dict[date, int] = defaultdict(int)
    for line in lines:
        if line.kind == "room":
            prices[line.night] += line.amount_minor
    return tuple(NightPrice(night, prices[night]) for night in sorted(prices))


def _taxes(lines: Iterable[Row[Any]]) -> tuple[TaxTotal, ...]:
    """Each tax summed over the stay, in the order in which its first line stands."""
    totals: dict[tuple[str, bool], int] = defaultdict(int)
    for line in lines:
        if line.kind == "tax":
            totals[(line.name, line.included)] += line.amount_minor
    return tuple(TaxTotal(name, amount, included) for (name, included), amount in totals.items())
