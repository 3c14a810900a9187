"""The codec server of Temporal's UI: reading encrypted messages, for who leads the hotel they belong to."""

from typing import Annotated

from fastapi import APIRouter, Body, Header

from api.callers import LoggedIn, Parts
from api.codec import CODEC, OPERATION, CodecRoute, decoded
from api.shapes.codec import DECODED, SEALED, CodecPayloads
from api.shapes.common import answers, example
from api.shapes.problems import problems

codec = APIRouter(prefix=CODEC, tags=["Platform"], route_class=CodecRoute)


@codec.post(
    "/decode",
    name=OPERATION,
    response_model_exclude_unset=True,
    responses={
        200: answers("The payloads in their order.", example("decoded", DECODED)),
        **problems(
            "invalid_request", "not_logged_in", "cross_site", "role_missing", "body_too_large", "too_many_requests"
        ),
    },
)
async def decode_messages(
    house: Parts,
    staff: LoggedIn,
    body: Annotated[CodecPayloads, Body(openapi_examples=example("sealed", SEALED))],
    namespace: Annotated[
        str, Header(alias="X-Namespace", max_length=255, description="Temporal's namespace; others' are not read.")
    ] = "",
) -> CodecPayloads:
    """Decrypts the messages of bookings at hotels where the caller is manager or admin, as Temporal's remote codecs do.

    What the caller may not read, what is not encrypted and what another key has encrypted comes back as it was sent.
    There is no way to encrypt here.
    """
    return await decoded(house, staff, body, namespace)
