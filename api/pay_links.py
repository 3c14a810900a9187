"""Links to pay: told to the desk, or sent to the guest by letter. Rules: docs/rules/notices.md, "Money in letters".

The link is the booking's own signed address, not one of the provider's: it leads to a page that begins, or finds, the
payment of whatever is open by then.
"""

from api.callers import AtDesk
from api.house import House
from api.idempotency import Once
from api.office_keys import keep_made, made_before
from api.shapes.payments import PaymentLink, PaymentLinkWanted
from domain.lifecycle import check_version
from domain.notices import address_trouble
from domain.paying import check_payable
from domain.refusals import rule
from domain.steps import Act
from store.booking_reads import BookingRecord
from store.people import Letter, begin, link_generation, post_letter


async def payment_link(
    house: House, record: BookingRecord, desk: AtDesk, body: PaymentLinkWanted, once: Once
) -> PaymentLink:
    """The link to pay what is open; with `mail` a letter takes it to the guest, one for each key.

    Errors: 409 nothing_to_pay, hold_ended, version_conflict, idempotency_key_reused; 422 notice_without_address.
    """
    if body.version is not None:
        check_version(record.state, body.version)
    now = house.clock()
    check_payable(record.state, Act(now, desk.actor, "desk"))
    if body.mail and (trouble := address_trouble(record.row.email)):
        raise rule("notice_without_address", f"{trouble} Correct the address, or hand the link over.", "mail")
    if body.mail:
        async with house.database.hotel(record.hotel_id) as tx:
            await begin(tx, record.hotel_id, record.reference)
            if await made_before(tx, record, once) is None:
                await post_letter(tx, record.hotel_id, record.reference, Letter("payment_link", now))
                generation = await link_generation(tx, record.hotel_id, record.reference, revoke=False)
                await keep_made(tx, record, once, generation)
    asked = house.views.for_guest(record).to_pay
    if asked is None:
        raise rule("nothing_to_pay", "Nothing is to be paid for this booking now.")
    return PaymentLink(
        url=house.views.pay_page(record),
        amount=asked.amount,
        purpose=asked.purpose,
        until=asked.until,
        mailed=body.mail,
    )
