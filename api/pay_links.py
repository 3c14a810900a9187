"""Links to pay: told to the desk, or sent to the guest by letter. Rules: docs/rules/notices.md, "Money in letters".

The link is the booking's own signed address, not one of the provider's: it leads to a page that begins, or finds, the
payment of whatever is open by then. Each link is a line in the booking's story, without the link itself.
"""

from api.callers import AtDesk
from api.house import House
from api.idempotency import Once
from api.office_keys import keep_made, made_before
from api.shapes.payments import PaymentLink, PaymentLinkWanted
from domain.lifecycle import check_version
from domain.money import Money, format_money
from domain.notices import address_trouble
from domain.paying import check_payable
from domain.refusals import rule
from domain.steps import Act
from store.booking_reads import BookingRecord
from store.people import Change, Letter, begin, post_letter, write_change


async def payment_link(
    house: House, record: BookingRecord, desk: AtDesk, body: PaymentLinkWanted, once: Once
) -> PaymentLink:
    """The link to pay what is open; with `mail` a letter takes it to the guest. One letter and one line for each key.

    Errors: 409 nothing_to_pay, hold_ended, version_conflict, idempotency_key_reused; 422 notice_without_address.
    """
    if body.version is not None:
        check_version(record.state, body.version)
    now = house.clock()
    check_payable(record.state, Act(now, desk.actor, "desk"))
    if body.mail and (trouble := address_trouble(record.row.email)):
        raise rule("notice_without_address", f"{trouble} Correct the address, or hand the link over.", "mail")
    asked = house.views.for_guest(record).to_pay
    if asked is None:
        raise rule("nothing_to_pay", "Nothing is to be paid for this booking now.")
    field = "payment_letter" if body.mail else "payment_link"
    made = Change(field, "", _in_words(Money(asked.amount.amount_minor, asked.amount.currency)), desk.actor, now)
    async with house.database.hotel(record.hotel_id) as tx:
        await begin(tx, record.hotel_id, record.reference)
        if await made_before(tx, record, once) is None:
            if body.mail:
                await post_letter(tx, record.hotel_id, record.reference, Letter("payment_link", now))
            await keep_made(tx, record, once, await write_change(tx, record.hotel_id, record.reference, made))
    return PaymentLink(
        url=house.views.pay_page(record),
        amount=asked.amount,
        purpose=asked.purpose,
        until=asked.until,
        mailed=body.mail,
    )


def _in_words(amount: Money) -> str:
    """`EUR 100.00`, or that only a card is kept."""
    return format_money(amount) if amount.amount_minor else "a card, and nothing is taken now"
