"""Requests for a change of a booking, and the dry run that tells what it would come to."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from api.shapes.bookings import Age, PolicyWords, Sleeper
from api.shapes.common import Asked, Day, LongText, Money, MoneyAsked, Note, StayNumber, Told, Version

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
PricingWord = Literal["reprice", "keep", "override"]
QuoteId = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[\x21-\x7e]+$")]


class StayWanted(Asked):
    """What one room of the booking shall become; what is left out stays as it is."""

    stay: StayNumber
    arrival: Day | None = None
    departure: Day | None = None
    room_type: Code | None = Field(default=None, examples=["SEA"])
    rate_plan: Code | None = Field(default=None, examples=["FLEX"])
    adults: Annotated[int, Field(ge=1, le=20)] | None = None
    children_ages: Annotated[list[Age], Field(max_length=10)] | None = None
    guests: Annotated[list[Sleeper], Field(max_length=30)] | None = Field(
        default=None, description="Who sleeps there from now on; the first is the room's primary guest."
    )


class RoomAdded(Asked):
    """One room more, by an offer of the same hotel."""

    offer_id: Annotated[str, StringConstraints(min_length=1, max_length=16_000)]
    guests: list[Sleeper] = Field(default=[], max_length=30, description="The first is the room's primary guest.")


class OwnPrice(Asked):
    """The desk's own price of one night; its taxes are counted on it."""

    stay: StayNumber
    night: Day
    price: MoneyAsked


class AmendBody(Asked):
    """A change of a booking. Giving a room up is cancelling it."""

    version: Version
    stays: list[StayWanted] = Field(default=[], max_length=10, description="The rooms that change.")
    add: list[RoomAdded] = Field(default=[], max_length=10, description="Rooms that are added.")
    quote_id: QuoteId | None = Field(default=None, description="From the dry run; guests have to send it.")
    reason: Note = ""

    @model_validator(mode="after")
    def _each_stay_once(self) -> "AmendBody":
        if len({each.stay for each in self.stays}) < len(self.stays):
            raise ValueError("name each stay once")
        return self


class ChangeRequestBody(AmendBody):
    """A change that the guest asks the hotel for."""

    text: LongText = Field(default="", description="In the guest's own words; the desk reads it.")


class DeskAmendBody(AmendBody):
    """A change as the desk makes it."""

    pricing: PricingWord = Field(
        default="reprice",
        description="What added nights cost: today's price, that of the nights they replace, or the desk's own.",
    )
    override: list[OwnPrice] = Field(
        default=[], max_length=900, description="With `override`: a price for each added night; it needs a reason."
    )
    restrictions_overridden: bool = Field(
        default=False, description="Go past what restricts the new dates; it needs a reason."
    )
    oversell: bool = Field(default=False, description="Even into a full house; a manager's word, and somebody is told.")

    @model_validator(mode="after")
    def _prices_that_count(self) -> "DeskAmendBody":
        if self.override and self.pricing != "override":
            raise ValueError("prices of the desk's own come with `pricing: override`")
        if len({(each.stay, each.night) for each in self.override}) < len(self.override):
            raise ValueError("give each night one price")
        return self


class ExtendBody(Asked):
    """A longer stay."""

    version: Version
    departure: Day = Field(description="The new day of departure.")
    stays: list[StayNumber] = Field(
        default=[], max_length=10, description="Default: every room that is not over and leaves earlier."
    )
    pricing: PricingWord = "reprice"
    override: list[OwnPrice] = Field(
        default=[], max_length=900, description="With `override`: a price for each added night."
    )
    restrictions_overridden: bool = False
    oversell: bool = False
    quote_id: QuoteId | None = None
    reason: Note = ""


class PreviewNight(Told):
    """One night of a room. A night that is priced anew stands here twice: dropped and added."""

    night: date
    change: Literal["kept", "added", "dropped"]
    price: Money = Field(description="Of the room, without the taxes that are added to it.")


class PreviewTax(Told):
    """One tax of one night after the change."""

    night: date
    code: str
    name: str
    amount: Money
    included: bool = Field(description="Already inside the night's price; not added again.")


class PreviewStay(Told):
    """What one room becomes."""

    stay: int = Field(description="Its number; a room that is added gets a new one.")
    is_new: bool
    arrival: date
    departure: date
    room_type: str
    room_type_name: str
    rate_plan: str
    rate_plan_name: str
    adults: int
    children_ages: list[int]
    before: Money
    after: Money
    nights: list[PreviewNight]
    taxes: list[PreviewTax]
    policy: PolicyWords


class ChangeWarning(Told):
    """Something to know before the change is made."""

    code: str = Field(description="Stable word for programs.", examples=["room_lost"])
    detail: str


class AmendPreview(Told):
    """What the change would come to now; nothing has been done, and no room is held."""

    reference: str
    version: int
    words: list[str] = Field(description="The change in sentences.")
    before: Money = Field(description="What the booking owes now.")
    after: Money = Field(description="What it would owe, without the fee.")
    difference: Money
    fee: Money = Field(description="What the change itself costs a guest who makes it alone.")
    refund: Money = Field(description="What the hotel would then owe the guest of what was paid.")
    balance: Money = Field(description="What would then be open, the fee included; below zero the hotel owes it.")
    stays: list[PreviewStay]
    warnings: list[ChangeWarning]
    dropped_clocks: list[str] = Field(description="Clocks that people moved and that go back to the hotel's terms.")
    ask_the_hotel: str | None = Field(description="Why only the hotel can make this change; null: it can be made.")
    quote_id: str = Field(description="Send it with the act, with the very same body otherwise.")
    expires_at: datetime


class CancelPreview(Told):
    """What cancelling would mean now; nothing has been done."""

    reference: str
    version: int
    stays: list[int]
    fee: Money
    refund: Money = Field(description="What the hotel would then owe the guest of what was paid.")
    rules: list[str] = Field(description="Why each room costs what it does, one sentence for each.")
    policy: list[str] = Field(description="The rates' terms, one sentence for each room.")


AMEND: dict[str, Any] = {
    "version": 2,
    "stays": [{"stay": 1, "departure": "2026-12-18"}],
    "quote_id": "WyJhIHNpZ25lZCBxdW90ZSJd.Zk9vV1xSiaQuoteSignature",
}
DESK_AMEND: dict[str, Any] = {
    "version": 2,
    "stays": [{"stay": 1, "room_type": "SEA", "adults": 2}],
    "pricing": "keep",
    "reason": "An upgrade with our compliments.",
}
EXTEND: dict[str, Any] = {"version": 3, "departure": "2026-12-18", "reason": "The guest stays a night more."}
CHANGE_REQUEST: dict[str, Any] = {**AMEND, "text": "Could we stay a night longer?"}


def _inr(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "INR"}


AMEND_PREVIEW: dict[str, Any] = {
    "reference": "MLB-20261215-7Q4K2M",
    "version": 2,
    "words": [
        "Room 1: 15 Dec 2026 to 17 Dec 2026 becomes 15 Dec 2026 to 18 Dec 2026.",
        "The price rises by INR 6,720.00 to INR 20,160.00.",
    ],
    "before": _inr(1344000),
    "after": _inr(2016000),
    "difference": _inr(672000),
    "fee": _inr(0),
    "refund": _inr(0),
    "balance": _inr(2016000),
    "stays": [
        {
            "stay": 1,
            "is_new": False,
            "arrival": "2026-12-15",
            "departure": "2026-12-18",
            "room_type": "COURT",
            "room_type_name": "Courtyard double",
            "rate_plan": "FLEX",
            "rate_plan_name": "Flexible",
            "adults": 2,
            "children_ages": [],
            "before": _inr(1344000),
            "after": _inr(2016000),
            "nights": [
                {"night": "2026-12-15", "change": "kept", "price": _inr(600000)},
                {"night": "2026-12-16", "change": "kept", "price": _inr(600000)},
                {"night": "2026-12-17", "change": "added", "price": _inr(600000)},
            ],
            "taxes": [
                {"night": f"2026-12-{day}", "code": "GST", "name": "GST", "amount": _inr(72000), "included": False}
                for day in (15, 16, 17)
            ],
            "policy": {
                "payment": "You pay at the hotel.",
                "confirmation": "The hotel answers each request in person, within 24 hours.",
                "cancellation": (
                    "Cancelling is free of charge until 14 Dec 2026, 18:00 hotel time; "
                    "after that it costs the first night."
                ),
                "cancel_free_until": "2026-12-14T12:30:00Z",
                "check_in_from": "2026-12-15T08:30:00Z",
                "check_in_from_local": "Tue 15 Dec 2026, 14:00 (IST)",
                "check_out_by": "2026-12-18T05:30:00Z",
                "check_out_by_local": "Fri 18 Dec 2026, 11:00 (IST)",
            },
        }
    ],
    "warnings": [
        {
            "code": "room_lost",
            "detail": "Room 104 is not free for all of the new nights; the room gets another one later.",
        }
    ],
    "dropped_clocks": [],
    "ask_the_hotel": None,
    "quote_id": AMEND["quote_id"],
    "expires_at": "2026-12-01T09:15:00Z",
}
