"""Bookings as letters see them: a hotel in Kochi that answers requests itself, and variations of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from domain.acts import opened
from domain.booking import Actor, Booking, Status, Stay
from domain.letters import HotelCard, LetterFacts, NightPrice, RoomFacts, TaxTotal
from domain.notices import Notice, NoticeKind
from domain.steps import Act
from domain.terms import Confirmation, HotelTerms, Payment, StayTerms

ASKED_AT = datetime(2026, 3, 12, 12, 30, tzinfo=UTC)
REFERENCE = "MLB-20260314-7Q4K2M"
TERMS = HotelTerms(
    version=1,
    zone="Asia/Kolkata",
    currency="INR",
    payment=Payment.AT_HOTEL,
    confirmation=Confirmation.MANUAL,
    check_in_time=time(14, 0),
)
KOCHI = HotelCard(
    hotel_id=3,
    name="Malabar House",
    city="Kochi",
    address="1 Parade Road, Fort Kochi",
    phone="+91 484 000 0000",
    email="frontdesk@malabar.example",
)
GUEST = Actor("guest")


def stay(number: int = 1, *, arrival: date = date(2026, 3, 14), nights: int = 3, total_minor: int = 2_240_000) -> Stay:
    """A room for some nights."""
    return Stay(
        number=number,
        status=Status.PENDING,
        arrival=arrival,
        departure=arrival + timedelta(days=nights),
        room_type_id=1,
        inventory_type_id=1,
        rate_plan_id=1,
        total_minor=total_minor,
        terms=StayTerms(stay_policy_id=1, code="flexible"),
    )


def request(*stays: Stay, terms: HotelTerms = TERMS, now: datetime = ASKED_AT, reference: str = REFERENCE) -> Booking:
    """A booking just after its opening, with the domain's own first step."""
    rooms = stays or (stay(),)
    new = Booking(
        hotel_id=KOCHI.hotel_id,
        hotel_slug="malabar",
        reference=reference,
        status=Status.PENDING,
        terms=terms,
        stays=rooms,
        source="web_direct",
        created_at=now,
        since=now,
        last_instant=now,
    )
    return opened(new, Act(now, GUEST, "web")).after


def room(of: Stay, **changes: object) -> RoomFacts:
    """The prices of a stay: its nights at 6,500.00 (the last at 7,000.00) and 12 % on top."""
    nights = tuple(NightPrice(night, 700_000 if night == of.nights()[-1] else 650_000) for night in of.nights())
    taxes = of.total_minor - sum(night.amount_minor for night in nights)
    facts = RoomFacts(
        stay=of,
        room_type="Heritage Double",
        rate_plan="Flexible",
        meal_plan="breakfast",
        adults=2,
        children_ages=(5,),
        nights=nights,
        taxes=(TaxTotal("GST 12 %", taxes, included=False),),
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def letter_facts(kind: NoticeKind, booking: Booking | None = None, **changes: object) -> LetterFacts:
    """What a letter of this kind is written from."""
    booking = booking or request()
    link = "https://stay.example/confirm?token=x" if kind is NoticeKind.EMAIL_CONFIRM else ""
    payment = 1 if kind is NoticeKind.PAYMENT_RECEIVED else None
    refund = 1 if kind in (NoticeKind.REFUND_ISSUED, NoticeKind.REFUND_FAILED) else None
    notice = Notice(12, kind, link=link, payment=payment, refund=refund)
    facts = LetterFacts(
        notice=notice,
        booking=booking,
        hotel=KOCHI,
        rooms=tuple(room(one) for one in booking.stays),
        to=KOCHI.email if kind.audience == "staff" else "guest@example.com",
        language="en",
        guest_name="A Guest",
        guest_email="guest@example.com",
        guest_phone="+44 20 0000 0000",
        special_requests="A quiet room, please.",
        token_generation=1,
    )
    return replace(facts, **changes)  # type: ignore[arg-type]
