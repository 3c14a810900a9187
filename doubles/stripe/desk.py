"""What one call works with: the vault inside its transaction, the caller's account, and the instant it is for.

An object lives on the clock of whoever made it: this machine's, or the one a call names in `Holdfast-Double-Now`.
What is due by then happens before the call looks at the object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doubles.stripe.errors import Json, Refused, not_found
from doubles.stripe.vault import Thing, Vault, token

API_VERSION = "2026-10-28.endive"
DEFAULT_LIMIT = 10
MOST_LISTED = 100
MOST_RELATED = 1_000
EXPANDABLE = frozenset(
    {
        "application_fee",
        "balance_transaction",
        "charge",
        "customer",
        "destination",
        "fee_refund",
        "latest_charge",
        "payment_intent",
        "payment_method",
        "refund",
        "setup_intent",
        "source_transaction",
        "source_transfer",
        "transfer",
        "transfer_reversal",
    }
)
# What a webhook endpoint of a hotel platform subscribes to; every other event is kept for `GET /v1/events` only.
TOLD = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "charge.expired",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "checkout.session.completed",
        "checkout.session.expired",
        "setup_intent.succeeded",
        "setup_intent.setup_failed",
        "radar.early_fraud_warning.created",
        "application_fee.refunded",
        "account.updated",
        "account.application.deauthorized",
    }
)

Falls = Callable[["Desk", Thing], None]
Plan = Callable[[str], list[tuple[str, float]]]


@dataclass
class Desk:
    """One call's view. real: this machine's clock with what `/_double/clock` added; told: the instant the call names.

    falls: what happens by itself to each kind of object; plan: (state, due_at) of each delivery of a new event of some
    type; base: the double's own address.
    """

    vault: Vault
    real: float
    base: str
    falls: Mapping[str, Falls]
    plan: Plan
    told: float | None = None
    account: str = ""
    version: str = API_VERSION
    request_id: str = ""
    key: str | None = None
    clock: float = 0.0
    fell: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.told is not None:
            self.clock = self.told - self.real

    @property
    def now(self) -> float:
        """The call's instant, in seconds since the epoch."""
        return self.real + self.clock

    def adopt(self, thing: Thing) -> None:
        """Works on the clock of this object, unless the call names an instant itself."""
        if self.told is None:
            self.clock = thing.clock

    def make(self, kind: str, prefix: str, data: Json, hidden: Json | None = None) -> Thing:
        """A new object, written: id, object, created and livemode are added."""
        object_id = token(prefix)
        whole: Json = {"id": object_id, "object": kind, "created": int(self.now), "livemode": False, **data}
        thing = Thing(str(whole["id"]), kind, self.account, whole, hidden or {}, clock=self.clock)
        self.vault.keep(thing)
        return thing

    def save(self, thing: Thing) -> None:
        """Writes an object as it is now, on this call's clock."""
        if self.told is not None:
            thing.clock = self.clock
        self.vault.keep(thing)

    def look(self, kind: str, object_id: str) -> Thing | None:
        """An object of this account, with what was due having happened; None where there is none."""
        thing = self.vault.thing(object_id)
        if thing is None or thing.kind != kind or thing.account != self.account:
            return None
        return self.current(thing)

    def find(self, kind: str, object_id: str, param: str = "id") -> Thing:
        """As `look`. Errors: Refused `resource_missing`, blaming `param`."""
        thing = self.look(kind, object_id)
        if thing is None:
            raise not_found(kind, object_id, param)
        return thing

    def of(self, kind: str, object_id: str) -> Thing:
        """An object that another one names, whichever account it is in. Errors: Refused where it was taken away."""
        thing = self.vault.thing(object_id)
        if thing is None or thing.kind != kind:
            raise not_found(kind, object_id)
        return thing

    def current(self, thing: Thing) -> Thing:
        """The object after whatever was due by the call's instant."""
        now = self.now if self.told is not None else self.real + thing.clock
        if thing.due_at is None or thing.due_at > now or thing.kind not in self.falls:
            return thing
        before, account = self.clock, self.account
        self.fell.append(thing.id)
        # What happens, happens at its moment and in the object's own account.
        self.clock, self.account = thing.due_at - self.real, thing.account
        thing.due_at = None
        try:
            self.falls[thing.kind](self, thing)
        finally:
            self.clock, self.account = before, account
        found = self.vault.thing(thing.id)
        return found if found is not None else thing

    def related(self, kind: str, column: str, object_id: str) -> list[Thing]:
        """Objects of a kind that name another one, the newest first; column: customer, payment_intent or charge."""
        conditions = [("kind = ?", kind), (f"{column} = ?", object_id)]
        return self.vault.things(conditions, MOST_RELATED)

    def tell(self, event_type: str, thing: Thing, before: Json | None = None) -> None:
        """Notes an event about an object, and plans to tell it. before: the values that changed."""
        data: Json = {"object": thing.data}
        if before:
            data["previous_attributes"] = before
        event: Json = {
            "id": token("evt_"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self.now),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": self.request_id or None, "idempotency_key": self.key},
            "type": event_type,
        }
        if thing.account:
            event["account"] = thing.account
        names = ("payment_intent", "charge", "setup_intent", "customer", "latest_charge")
        about = [thing.id, *(str(thing.data[name]) for name in names if isinstance(thing.data.get(name), str))]
        states = self.plan(event_type) if event_type in TOLD else []
        self.vault.note_event(event, " ".join([*about, str(thing.hidden.get("session") or "")]).strip(), states)

    def again(self) -> None:
        """Lets what was due happen once more, after the transaction went back to its mark."""
        fell, self.fell = self.fell, []
        for object_id in fell:
            if thing := self.vault.thing(object_id):
                self.current(thing)

    def expanded(self, data: Json, expand: list[str]) -> Json:
        """An object with others in place of their ids. expand: paths like `latest_charge.balance_transaction`."""
        for path in expand:
            name, _, rest = path.partition(".")
            if data.get("object") == "list" and name == "data":
                data["data"] = [self.expanded(dict(item), [rest] if rest else []) for item in data["data"]]
                continue
            if name not in data:
                raise Refused(
                    400,
                    f"This property cannot be expanded ({path}).",
                    code="property_cannot_be_expanded",
                    param="expand",
                )
            value = data[name]
            if isinstance(value, str) and name in EXPANDABLE and (found := self.vault.thing(value)):
                value = dict(self.current(found).data)
            if isinstance(value, dict) and rest:
                value = self.expanded(dict(value), [rest])
            data[name] = value
        return data

    def page(self, kind: str, asked: Json, url: str, conditions: list[tuple[str, Any]] | None = None) -> Json:
        """One page of a list, the newest first; asked: limit, starting_after, ending_before, created."""
        limit = asked.get("limit", DEFAULT_LIMIT)
        where = [("kind = ?", kind), ("account = ?", self.account), *(conditions or [])]
        where += span(asked.get("created"))
        backwards = asked.get("ending_before")
        for name, sign in (("starting_after", "<"), ("ending_before", ">")):
            if asked.get(name):
                where.append((f"number {sign} ?", self.find(kind, asked[name], name).number))
        found = self.vault.things(where, limit + 1, oldest=bool(backwards))
        items = [self.current(thing).data for thing in found[:limit]]
        if backwards:
            items.reverse()
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": items}


def span(created: Any) -> list[tuple[str, Any]]:
    """Conditions on `created`: one instant, or bounds."""
    if isinstance(created, int):
        return [("created = ?", created)]
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    return [(f"created {signs[name]} ?", value) for name, value in (created or {}).items()]
