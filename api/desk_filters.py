"""What a list of the desk is narrowed to, read alike by the list and by its count."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import StringConstraints

from api.shapes.bookings import PaymentWord, StatusWord
from api.shapes.common import Day, SearchText
from store.desk_reads import DeskFilters

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
SourceAsked = Annotated[str, StringConstraints(pattern=r"^([a-z_]{1,40}|channel:([a-z0-9-]{1,40}|\*))$")]


async def asked_filters(
    status: Annotated[list[StatusWord], Query(max_length=11)] = [],  # noqa: B006 - the framework copies it.
    arrival_from: Annotated[Day | None, Query()] = None,
    arrival_to: Annotated[Day | None, Query(description="This day included.")] = None,
    departure_from: Annotated[Day | None, Query()] = None,
    departure_to: Annotated[Day | None, Query(description="This day included.")] = None,
    room: Annotated[Code | None, Query(description="A room's number.")] = None,
    assigned: Annotated[
        bool | None, Query(description="Whether every room of it that is to come has a number.")
    ] = None,
    source: Annotated[
        SourceAsked | None,
        Query(description="Where it was booked; `channel:*` is every channel.", examples=["web_direct"]),
    ] = None,
    payment_status: Annotated[list[PaymentWord], Query(max_length=8)] = [],  # noqa: B006
    needs_attention: Annotated[bool | None, Query()] = None,
    q: Annotated[
        SearchText | None,
        Query(description="Reference, the source's own, name of booker or guest, e-mail or phone, or a part of it."),
    ] = None,
) -> DeskFilters:
    """The filters as the store takes them."""
    return DeskFilters(
        statuses=tuple(status),
        arrival_from=arrival_from,
        arrival_to=arrival_to,
        departure_from=departure_from,
        departure_to=departure_to,
        room=room,
        assigned=assigned,
        source=source,
        payment_statuses=tuple(payment_status),
        needs_attention=needs_attention,
        search=q,
    )


Filters = Annotated[DeskFilters, Depends(asked_filters)]
