"""Words that every request and answer shares: money, dates, texts, keys, and how examples are attached to them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from domain.money import minor_digits
from domain.refusals import Refused

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)
MOST_MINOR = 10**12
MOST_INT = 2**31 - 1
MOST_NUMBER = 2**63 - 1
# Control characters never mean anything in a name or a note, and Postgres refuses the first of them.
_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
# At least one sign that is no space, so that a name of spaces is none.
_SAYING_SOMETHING = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\x00-\x20\x7f\s][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
REFERENCE_PATTERN = r"^[A-Z]{3}-[0-9]{8}-[0-9A-Z]{6,8}$"
SLUG_PATTERN = r"^[a-z][a-z0-9-]{1,40}$"


class Asked(BaseModel):
    """A request body: unknown members are refused, so that a misspelt one never passes for absent."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Told(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


def _only_iso(value: Any) -> Any:
    """A date is written YYYY-MM-DD; numbers, and instants cut short, are not dates."""
    if isinstance(value, str) and len(value) == 10:
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("write the date as YYYY-MM-DD")


def _known_days(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"dates from {FIRST_DAY} to {LAST_DAY} are known")
    return value


def _known_currency(code: str) -> str:
    try:
        minor_digits(code)
    except Refused as refused:
        raise ValueError(refused.detail) from refused
    return code


def _known_instants(value: datetime) -> datetime:
    if not FIRST_DAY <= value.date() <= LAST_DAY:
        raise ValueError(f"instants from {FIRST_DAY} to {LAST_DAY} are known")
    return value.astimezone(UTC).replace(microsecond=0)


Instant = Annotated[AwareDatetime, AfterValidator(_known_instants)]
Day = Annotated[date, BeforeValidator(_only_iso), AfterValidator(_known_days)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_SAYING_SOMETHING)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE)]
LongText = Annotated[str, StringConstraints(max_length=2000, pattern=_PRINTABLE)]
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Version = Annotated[int, Field(ge=1, le=MOST_INT, description="The version of the booking that you saw.")]
StayNumber = Annotated[int, Field(ge=1, le=99)]
ReferencePath = Annotated[str, Path(description="The booking's reference.", examples=["MLB-20261215-7Q4K2M"])]
SlugPath = Annotated[str, Path(description="The hotel's short name.", examples=["malabar"])]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
SearchText = Annotated[str, StringConstraints(min_length=2, max_length=100, pattern=_PRINTABLE)]


class Money(Told):
    """Whole minor units (cents, paise, yen) of a currency."""

    amount_minor: int = Field(description="Whole minor units; JPY has none, KWD three digits.", examples=[1264320])
    currency: str = Field(description="ISO 4217 code.", examples=["INR"])


class MoneyAsked(Asked):
    """An amount in a request."""

    # A number, and nothing that could be read as one: `true` is no cent.
    amount_minor: int = Field(
        ge=-MOST_MINOR, le=MOST_MINOR, strict=True, description="Whole minor units.", examples=[1264320]
    )
    currency: CurrencyCode = Field(description="ISO 4217 code.", examples=["INR"])


def utc(instant: datetime) -> datetime:
    """The same instant with UTC itself as its zone, as every rule of ours expects it."""
    return instant.astimezone(UTC)


def example(name: str, value: Any, summary: str = "") -> dict[str, Any]:
    """One named example as OpenAPI writes it."""
    return {name: {"summary": summary or name.replace("_", " "), "value": value}}


def answers(description: str, examples: Mapping[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    """A documented answer with its examples."""
    return {"description": description, "content": {media_type: {"examples": dict(examples)}}}
