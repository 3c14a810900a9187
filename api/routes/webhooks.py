"""What the mail provider tells of letters."""

from typing import Annotated

from fastapi import APIRouter, Body

from api.callers import Parts
from api.shapes.common import answers, example
from api.shapes.notices import BOUNCE, DELIVERY, Heard, PostmarkNews
from api.shapes.problems import problems
from api.views import API
from api.webhooks import WebhookRoute, hear

webhooks = APIRouter(prefix=f"{API}/webhooks", tags=["Platform"], route_class=WebhookRoute)


@webhooks.post(
    "/postmark",
    responses={
        200: answers("Heard, once or again.", example("noted", {"outcome": "noted"})),
        **problems("invalid_request", "webhook_refused", "body_too_large", "too_many_requests"),
    },
)
async def postmark_webhook(
    house: Parts,
    body: Annotated[
        PostmarkNews,
        Body(openapi_examples={**example("bounce", BOUNCE), **example("delivery", DELIVERY)}),
    ],
) -> Heard:
    """Deliveries, bounces, spam complaints and opens, from Postmark.

    The secret is the password of HTTP basic authentication, or `X-Webhook-Secret`. News of a letter that is not ours,
    and news that was told before, is answered with 200 and changes nothing.
    """
    return Heard(outcome="noted" if await hear(house, body) else "ignored")
