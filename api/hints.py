"""What the payment provider tells by itself: verified, and stored before it is answered.

Nothing of it is believed here. A process of the work side brings stored hints to their bookings, which look for
themselves.
"""

import time

from fastapi import Request
from prometheus_client import Counter

from api.house import House
from api.limits import PUBLIC
from api.problems import Problem
from messages.hints import NotAHint
from store.hints import keep_hint

SIGNATURE = "Stripe-Signature"
HEARD = Counter("holdfast_provider_hints_total", "Events of the payment provider that were stored.", ("kind",))


async def take_hint(house: House, request: Request) -> bool:
    """Stores the event; False where it was stored before. Errors: 400 webhook_unreadable; 401 webhook_refused."""
    now = house.clock()
    try:
        hint = house.door.read_hint(await request.body(), request.headers.get(SIGNATURE, ""), now)
    except NotAHint as no:
        if str(no) != "unsigned":
            raise Problem(400, "webhook_unreadable", "This is no event that is understood here.") from no
        await house.limits.check(request, PUBLIC, time.time)
        raise Problem(401, "webhook_refused", "This is not signed with a secret that was agreed on.") from no
    async with house.database.public() as tx:
        new = await keep_hint(tx, hint, now)
    if new:
        HEARD.labels(hint.event_type[:60]).inc()
    return new
