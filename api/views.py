"""From what is written down to what the contract tells: a booking for its guest, and for the desk."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from api.permissions import within
from api.shapes.bookings import (
    AgendaEntry,
    BookingBody,
    ByBody,
    ChangeBody,
    ChecklistPointBody,
    CreatedBooking,
    DeskBooking,
    DeskGuestBody,
    DeskLinks,
    GuestBody,
    GuestNamed,
    Links,
    NightBody,
    NoteForGuest,
    PolicyWords,
    SetByBody,
    StayBody,
    StepBody,
    TaxBody,
)
from api.shapes.common import Money, utc
from api.shapes.payments import PaymentBody, RefundBody, ToPay
from config.settings import Settings
from domain.agenda import LEAST_AHEAD, Entry, SetBy
from domain.booking import Stay
from domain.clocks import local_text
from domain.lifecycle import allowed_actions
from domain.obligations import owed_now, payment_in_words
from domain.terms import (
    HotelTerms,
    StayTerms,
    cancel_free_until,
    cancellation_in_words,
    check_in_from,
    check_out_by,
    confirmation_in_words,
)
from messages.names import workflow_id
from messages.tokens import guest_token, pay_token
from store.booking_reads import BookingRecord
from store.staff import StaffRole

API = "/api/v1"


class Views:
    """Knows the addresses that links are made of, and the secret that guest links are signed with."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._base = settings.base_url
        self._temporal = f"{settings.temporal_ui}/namespaces/{settings.temporal_namespace}/workflows"
        self._secret = settings.secret_key.get_secret_value()

    def for_guest(self, record: BookingRecord) -> BookingBody:
        """The booking for the bearer of its link."""
        return BookingBody(**_body(record, "guest", self._clock()), links=self._guest_links(record))

    def created(self, record: BookingRecord) -> CreatedBooking:
        """The booking for who has just made it, with the token."""
        token = self.token(record)
        return CreatedBooking(
            **_body(record, "guest", self._clock()), links=self._guest_links(record), access_token=token
        )

    def for_desk(self, record: BookingRecord, role: StaffRole) -> DeskBooking:
        """The booking for the hotel's people, with the actions that this role may do."""
        row, desk = record.row, f"{self._base}/desk/bookings/{record.reference}"
        links = DeskLinks(
            self=f"{API}/desk/bookings/{record.reference}",
            timeline=f"{API}/desk/bookings/{record.reference}/timeline",
            hotel=f"{API}/hotels/{record.hotel_slug}",
            guest_page=f"{self._base}/b/{record.reference}" if record.state.terms.guest_portal else None,
            desk_page=desk,
            temporal_ui=self.temporal_link(record.reference),
        )
        told = _body(record, "staff", self._clock())
        told["allowed_actions"] = within(role, told["allowed_actions"])
        told["guest"] = DeskGuestBody(**dict(told["guest"]), profile_id=row.profile_id, past_stays=row.past_stays)
        return DeskBooking(
            **told,
            links=links,
            needs_attention=row.needs_attention,
            attention=row.attention,
            source_reference=row.source_reference,
            commission_percent=row.commission_percent,
            commission=_commission(row),
            checklist=[
                ChecklistPointBody(item=point.item, needed=point.needed)
                for point in record.state.terms.approval.checklist
            ],
        )

    def token(self, record: BookingRecord) -> str | None:
        """The guest's key to the booking; none where the hotel's guest portal is off."""
        if not record.state.terms.guest_portal:
            return None
        return guest_token(self._secret, record.hotel_id, record.reference, record.row.token_generation)

    def pay_page(self, record: BookingRecord) -> str:
        """Where this booking is paid; whoever has the address can pay, and nothing else."""
        token = pay_token(self._secret, record.hotel_id, record.reference, record.row.token_generation)
        return f"{self._base}/pay/{token}"

    def temporal_link(self, reference: str) -> str:
        """The booking's workflow in Temporal's own UI."""
        return f"{self._temporal}/{workflow_id(reference)}"

    def _guest_links(self, record: BookingRecord) -> Links:
        token = self.token(record)
        return Links(
            self=f"{API}/bookings/{record.reference}",
            timeline=f"{API}/bookings/{record.reference}/timeline",
            hotel=f"{API}/hotels/{record.hotel_slug}",
            guest_page=f"{self._base}/b/{record.reference}?token={token}" if token else None,
        )


def _body(record: BookingRecord, actor_kind: str, now: datetime) -> dict[str, Any]:
    """All that guests and the desk are told alike."""
    row, state = record.row, record.state
    currency, zone = row.currency, state.terms.zone
    total, paid, balance = (
        Money(amount_minor=amount, currency=currency) for amount in (row.total_minor, row.paid_minor, row.balance_minor)
    )
    return {
        "reference": state.reference,
        "hotel": record.hotel_slug,
        "hotel_name": record.hotel_name,
        "status": state.status.value,
        "payment_status": row.payment_status,
        "version": state.version,
        "source": row.source,
        "guest": GuestBody(name=row.guest_name, email=row.email, phone=row.phone, country=row.country),
        "arrival": state.arrival,
        "departure": state.departure,
        "stays": [
            _stay(stay, told, state.terms, currency, state.created_at)
            for stay, told in zip(state.stays, record.stays, strict=True)
        ],
        "nights": [_night(line, currency) for line in record.lines if line["kind"] == "room"],
        "taxes": [_tax(line, currency) for line in record.lines if line["kind"] == "tax"],
        "total": total,
        "owed": Money(amount_minor=state.owed_minor, currency=currency),
        "paid": paid,
        "balance": balance,
        "to_pay": _to_pay(record, now),
        "payments": [payment_body(payment, currency) for payment in record.payments],
        "refunds": [_refund(refund, currency) for refund in record.refunds],
        "hold_expires_at": row.hold_expires_at,
        "approval_deadline": row.approval_deadline,
        "waiting_for": row.waiting_for,
        "agenda": _agenda(record, zone, actor_kind),
        "allowed_actions": [action.value for action in allowed_actions(state, actor_kind, now)],
        "special_requests": row.special_requests,
        "notes": [NoteForGuest(**note) for note in row.notes or ()],
        "cancellation_reason": row.cancellation_reason,
        "change_request": _change(record.change, zone, currency),
        "language": row.language,
        "steps": [_step(step, actor_kind) for step in record.steps if step["what"] != "clock_moved"],
        "created_at": row.created_at,
    }


def _agenda(record: BookingRecord, zone: str, actor_kind: str) -> list[AgendaEntry]:
    """The agenda; for staff with the name of who moved a clock, and why."""
    movers = {step["seq"]: step for step in record.steps} if actor_kind == "staff" else {}
    written = record.state.last_instant
    return [agenda_entry(entry, zone, written, movers) for entry in record.agenda]


def agenda_entry(entry: Entry, zone: str, written: datetime, movers: Mapping[int, dict[str, Any]]) -> AgendaEntry:
    """A clock with its hotel time, and how far it may be moved.

    written: the booking's last instant, from which the bounds count, so that a repeated answer is the same answer.
    movers: the events that moved clocks, by seq.
    """
    mover = movers.get(entry.set_by.seq or 0)
    earliest = max(written + LEAST_AHEAD, entry.earliest or written)
    movable = entry.movable and (entry.latest is None or earliest <= entry.latest)
    return AgendaEntry(
        key=entry.key,
        at=entry.at,
        local_time=local_text(entry.at, zone),
        what=entry.what,
        consequence=entry.consequence,
        set_by=set_by(entry.set_by, mover),
        rings=entry.rings,
        stay=entry.stay,
        anchor=entry.anchor,
        default_at=entry.default_at or entry.at,
        movable=movable,
        earliest=earliest if movable else None,
        latest=entry.latest if movable else None,
    )


def set_by(who: SetBy, mover: dict[str, Any] | None = None) -> SetByBody:
    """Who set a clock; the person's name and the reason only where the mover's event is given."""
    return SetByBody(
        kind=who.kind,
        role=who.role,
        policy_version=who.policy_version,
        at=who.at,
        name=mover["name"] if mover else None,
        reason=mover["reason"] if mover else None,
    )


def _step(step: dict[str, Any], actor_kind: str) -> StepBody:
    for_staff = actor_kind == "staff"
    return StepBody(
        what=step["what"],
        at=datetime.fromisoformat(step["at"]),
        by=ByBody(kind=step["kind"], role=step["role"], name=step["name"] if for_staff else None),
        status=step["status"],
        reason=step["reason"] if for_staff or step["kind"] == "guest" else "",
    )


def _change(change: dict[str, Any] | None, zone: str, currency: str) -> ChangeBody | None:
    if change is None:
        return None
    until = utc(datetime.fromisoformat(change["until"]))
    return ChangeBody(
        number=change["number"],
        asked_at=datetime.fromisoformat(change["asked_at"]),
        until=until,
        until_local=local_text(until, zone),
        text=change["words"],
        wish=change["wish"],
        before=Money(amount_minor=change["before_minor"], currency=currency),
        after=Money(amount_minor=change["after_minor"], currency=currency),
    )


def _commission(row: Any) -> Money | None:
    if row.commission_minor is None:
        return None
    return Money(amount_minor=row.commission_minor, currency=row.currency)


def policy_words(
    terms: HotelTerms, stay: StayTerms, arrival: date, departure: date, booked_at: datetime
) -> PolicyWords:
    """The terms of one room, in words and dates of the hotel, true from the moment of booking on."""
    opens, ends = check_in_from(terms, arrival), check_out_by(terms, departure)
    return PolicyWords(
        payment=payment_in_words(terms, stay),
        confirmation=confirmation_in_words(terms),
        cancellation=cancellation_in_words(terms, stay, arrival, booked_at),
        cancel_free_until=cancel_free_until(terms, stay, arrival),
        check_in_from=opens,
        check_in_from_local=local_text(opens, terms.zone),
        check_out_by=ends,
        check_out_by_local=local_text(ends, terms.zone),
    )


def _stay(stay: Stay, told: dict[str, Any], terms: HotelTerms, currency: str, booked_at: datetime) -> StayBody:
    return StayBody(
        stay=stay.number,
        status=stay.status.value,
        arrival=stay.arrival,
        departure=stay.departure,
        room_type=told["room_type"],
        room_type_name=told["room_type_name"],
        rate_plan=told["rate_plan"],
        rate_plan_name=told["rate_plan_name"],
        meal_plan=told["meal_plan"],
        room=stay.room_number or None,
        adults=told["adults"],
        children_ages=told["children_ages"],
        guests=[GuestNamed(**guest) for guest in told["guests"] or ()],
        total=Money(amount_minor=stay.total_minor, currency=currency),
        policy=policy_words(terms, stay.terms, stay.arrival, stay.departure, booked_at),
        checked_in_at=stay.checked_in_at,
        checked_out_at=stay.checked_out_at,
        fee=Money(amount_minor=stay.fee_minor, currency=currency),
        fee_waived=Money(amount_minor=stay.fee_waived_minor, currency=currency),
        owed=Money(amount_minor=stay.owed_minor, currency=currency),
        released_from=stay.released_from,
        skipped=list(stay.skipped),
    )


def _night(line: dict[str, Any], currency: str) -> NightBody:
    price = Money(amount_minor=line["amount_minor"], currency=currency)
    return NightBody(
        stay=line["stay"], night=line["night"], room_type=line["code"], price=price, released=line["released"]
    )


def _tax(line: dict[str, Any], currency: str) -> TaxBody:
    return TaxBody(
        stay=line["stay"],
        night=line["night"],
        code=line["code"],
        name=line["name"],
        amount=Money(amount_minor=line["amount_minor"], currency=currency),
        included=line["included"],
        released=line["released"],
    )


def _to_pay(record: BookingRecord, now: datetime) -> ToPay | None:
    """What can be paid by card, with the clock that waits for it."""
    asked = owed_now(record.state, now)
    if asked is None:
        return None
    until = {entry.key: entry.at for entry in record.agenda}
    amount = Money(amount_minor=asked.amount_minor, currency=record.row.currency)
    return ToPay(purpose=asked.purpose, amount=amount, until=until.get("hold_expires") or until.get("payment_due"))


def payment_body(payment: dict[str, Any], currency: str) -> PaymentBody:
    """A payment's row; what the desk took before captures were kept was captured as it is."""
    captured = payment["amount_minor"] if payment["captured_minor"] is None else payment["captured_minor"]
    return PaymentBody(
        number=payment["number"],
        method=payment["method"],
        purpose=payment["purpose"],
        how=payment["how"],
        state=payment["state"],
        amount=Money(amount_minor=payment["amount_minor"], currency=currency),
        captured=Money(amount_minor=captured, currency=currency),
        refunded=Money(amount_minor=payment["refunded_minor"], currency=currency),
        external_reference=payment["external_reference"],
        received_at=datetime.fromisoformat(payment["received_at"]),
        business_date=payment["business_date"],
        capture_before=payment["capture_before"],
        decline_code=payment["decline_code"],
        disputed=payment["disputed"],
    )


def _refund(refund: dict[str, Any], currency: str) -> RefundBody:
    return RefundBody(
        number=refund["number"],
        payment=refund["payment"],
        amount=Money(amount_minor=refund["amount_minor"], currency=currency),
        state=refund["state"],
        cause=refund["cause"],
        asked_at=datetime.fromisoformat(refund["asked_at"]),
        told_at=datetime.fromisoformat(refund["told_at"]),
    )
