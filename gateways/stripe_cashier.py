"""Stripe as a Cashier."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.disputes import outcome
from domain.payments import How, Seen, Verb
from domain.provider_calls import Call, Written
from domain.provider_money import Merchant, Paid, to_provider
from gateways import stripe_params as told
from gateways.cashier import Answer
from gateways.stripe_line import StripeLine
from gateways.stripe_seen import WITH_INTENT, WITH_SESSION, of_intent, of_object, of_setup
from gateways.stripe_words import NotTaken
from messages.payments import ProviderOrder

MISSING = "resource_missing"
EXPIRES = "expires_at"
# Where each kind of name is read.
_KINDS = {
    "cs": ("checkout.sessions", WITH_SESSION),
    "pi": ("payment_intents", WITH_INTENT),
    "seti": ("setup_intents", ()),
    "re": ("refunds", ()),
    "pyr": ("refunds", ()),
}
# Where what a call has made is listed, and by which of its own words.
_LISTS = {
    "checkout.sessions.create": ("checkout.sessions", "customer"),
    "payment_intents.create": ("payment_intents", "customer"),
    "setup_intents.create": ("setup_intents", "customer"),
    "refunds.create": ("refunds", "payment_intent"),
}


class StripeCashier:
    """A Cashier on Stripe's API. base_url: where guests come back to from Stripe's page, without a slash at its end."""

    def __init__(self, line: StripeLine, base_url: str) -> None:
        self._line = line
        self._base_url = base_url

    def customer_call(self, order: ProviderOrder) -> Call:
        """See Cashier.customer_call."""
        key = f"{order.hotel_id}.{order.reference}.customer.1.create.1"
        return Call(key, "customers.create", "", told.customer(order, key))

    def order_call(self, order: ProviderOrder, merchant: Merchant, at: datetime) -> Call | None:
        """See Cashier.order_call."""
        key, account = order.key(), merchant.account
        match order.order.verb:
            case Verb.BEGIN | Verb.CHARGE if told.is_too_little(order):
                return None
            case Verb.BEGIN if order.payment.how is How.HOSTED_PAGE:
                return Call(key, "checkout.sessions.create", "", self._session(order, merchant, at))
            case Verb.BEGIN if told.saves_only(order):
                return Call(key, "setup_intents.create", "", told.setup_intent(order, merchant))
            case Verb.BEGIN:
                return Call(key, "payment_intents.create", "", told.intent(order, merchant))
            case Verb.CHARGE:
                return Call(key, "payment_intents.create", "", told.charge(order, merchant))
            case Verb.CAPTURE:
                return Call(key, "payment_intents.capture", order.payment.intent_id, told.capture(order, account))
            case Verb.CLOSE if order.payment.session_id:
                return Call(key, "checkout.sessions.expire", order.payment.session_id, {})
            case Verb.CLOSE | Verb.VOID:
                return self._cancel(key, order.payment.intent_id)
            case verb:
                raise LookupError(f"{verb} sends nothing")

    def refund_call(self, order: ProviderOrder, merchant: Merchant, paid: Paid) -> Call | None:
        """See Cashier.refund_call."""
        if to_provider(order.order.amount_minor, order.currency)[0] == 0:
            return None
        return Call(order.key(), "refunds.create", "", told.refund(order, merchant.account, paid))

    def paid_by(self, intent_id: str, now: datetime) -> Paid:
        """See Cashier.paid_by. An intent that is not there was not passed on either."""
        try:
            body = self._line.get("payment_intents", intent_id, now)
        except NotTaken:
            return Paid()
        return Paid(passed_on=bool(body.get("transfer_data")), with_fee=bool(body.get("application_fee_amount")))

    def reworded(self, call: Call, at: datetime, now: datetime) -> Call:
        """See Cashier.reworded. Only a page's end is a moment, and it is moved to its shortest."""
        if EXPIRES not in call.params:
            return call
        ends = int((self._line.instant(at, now) + told.SHORTEST).timestamp())
        return Call(call.key, call.what, call.target, {**call.params, EXPIRES: max(ends, int(call.params[EXPIRES]))})

    def send(self, written: Written, now: datetime) -> Answer:
        """See Cashier.send."""
        call = written.call
        try:
            body = self._line.post(call.what, call.target, call.params, written.wire_key, now)
        except NotTaken as refusal:
            return _answer(refusal)
        return Answer(of_object(body), str(body["id"]))

    def match(self, call: Call, now: datetime) -> str:
        """See Cashier.match. A customer can't be listed by anything of ours: a second one costs nothing.

        What acts on an object that is there (capture, cancel, expire) has made nothing that could be doubled.
        """
        if call.what not in _LISTS:
            return ""
        what, by = _LISTS[call.what]
        return self._found(what, now, {by: str(call.params[by])}, told.KEY, call.key)

    def look(self, object_id: str, now: datetime) -> Seen:
        """See Cashier.look. Errors: LookupError for a name of another kind."""
        what, expand = _KINDS[object_id.partition("_")[0]]
        try:
            seen = of_object(self._line.get(what, object_id, now, expand))
            if not seen.disputed:
                return seen
            # The charge stays disputed for ever; how that ended only the disputes themselves tell.
            disputes = self._line.listed("disputes", now, payment_intent=seen.intent_id)
            return replace(seen, dispute=outcome([str(body["status"]) for body in disputes]))
        except NotTaken as refusal:
            return Seen(trouble="refused", code=refusal.code)

    def find_refund(self, order: ProviderOrder) -> str:
        """See Cashier.find_refund."""
        if order.refund is None or not order.payment.intent_id:
            return ""
        mine = {"payment_intent": order.payment.intent_id}
        return self._found("refunds", order.now, mine, told.REFUND, str(order.refund.number))

    def _session(self, order: ProviderOrder, merchant: Merchant, at: datetime) -> dict[str, Any]:
        return told.session(order, merchant, self._base_url, self._line.instant(at, order.now))

    def _found(self, what: str, now: datetime, filters: Mapping[str, str], name: str, value: str) -> str:
        try:
            for body in self._line.listed(what, now, **filters):
                if (body.get("metadata") or {}).get(name) == value:
                    return str(body["id"])
        except NotTaken as refusal:
            # Of an object that is not there nothing can be listed.
            if refusal.code != MISSING:
                raise LookupError(refusal.code) from None
        return ""

    def _cancel(self, key: str, intent_id: str) -> Call:
        if intent_id.startswith("seti_"):
            return Call(key, "setup_intents.cancel", intent_id, {})
        return Call(key, "payment_intents.cancel", intent_id, {"expand": ["latest_charge"]})


def _answer(refusal: NotTaken) -> Answer:
    """A refusal as an answer: of a card, or of the call itself."""
    if not refusal.declined:
        seen = Seen(trouble="refused", code=refusal.code)
        return Answer(seen, code=refusal.code, stale=refusal.param == EXPIRES, taken=refusal.taken)
    body: Mapping[str, Any] = refusal.intent or {}
    if not body:
        return Answer(Seen(trouble="refused", code=refusal.code), code=refusal.code)
    seen = of_setup(body) if body.get("object") == "setup_intent" else of_intent(body)
    return Answer(seen, str(body["id"]))
