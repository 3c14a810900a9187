"""What the rows know of a night that nobody had booked: its stay's lines and guests, and the hotel's taxes."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.alarms import with_taxes
from domain.steps import Step
from domain.taxes import TaxTable
from store.amend_reads import booking_facts
from store.shelf import load_shelf


async def with_todays_taxes(tx: AsyncConnection, step: Step) -> Step:
    """The step as it is written: a night that a clock adds has the taxes of that night. Rule: docs/rules/agenda.md."""
    if step.what != "overstay_night":
        return step
    booking, added = step.after, step.added[0]
    facts = (await booking_facts(tx, booking.hotel_id, booking.reference)).stays[added.stay]
    night = added.line.night
    shelf = await load_shelf(tx, booking.hotel_id, night, night + timedelta(days=1))
    return with_taxes(step, facts.lines, TaxTable(shelf.taxes, facts.party, booking.terms.currency))
