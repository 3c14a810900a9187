"""Connected accounts, what was moved to them and what the platform kept, and the calls about all of these."""

from doubles.stripe.calls import Call, listing, showing
from doubles.stripe.connect import refund_fee, reverse
from doubles.stripe.desk import Desk
from doubles.stripe.errors import Json, wrong
from doubles.stripe.forms import FLAG, METADATA, PAGE, SPAN, TEXT, WHATEVER, WHOLE, OneOf, Text, merged
from doubles.stripe.vault import Thing, token

LINK_SECONDS = 5 * 60
_DUE = ["business_profile.url", "external_account", "tos_acceptance.date"]
_ACCOUNT: Json = {
    "business_profile": WHATEVER,
    "business_type": OneOf(("company", "government_entity", "individual", "non_profit")),
    "capabilities": WHATEVER,
    "company": WHATEVER,
    "controller": WHATEVER,
    "country": Text(2),
    "default_currency": TEXT,
    "email": Text(blank=True),
    "metadata": METADATA,
    "settings": WHATEVER,
    "type": OneOf(("custom", "express", "none", "standard")),
}


def create(desk: Desk, given: Json, _: str) -> Thing:
    """A new account; it takes no payments until it has answered what its link asks."""
    country = (given.get("country") or "PT").upper()
    if not country.isascii() or not country.isalpha() or len(country) != 2:
        raise wrong("country", f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code.")
    metadata = merged({}, given.pop("metadata", {}))
    return desk.make(
        "account",
        "acct_",
        {
            "business_profile": {},
            "business_type": None,
            "capabilities": {"card_payments": "inactive", "transfers": "inactive"},
            "charges_enabled": False,
            "controller": {"is_controller": True, "type": "application"},
            "default_currency": "eur",
            "details_submitted": False,
            "email": None,
            "payouts_enabled": False,
            "requirements": _requirements(list(_DUE)),
            "settings": {},
            "type": "none",
            **{key: value for key, value in given.items() if key != "capabilities"},
            "country": country,
            "metadata": metadata,
        },
    )


def _requirements(due: list[str]) -> Json:
    return {
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def update(desk: Desk, given: Json, account_id: str) -> Thing:
    """Changes an account."""
    account = desk.find("account", account_id)
    metadata = merged(account.data["metadata"], given.pop("metadata", {}))
    given.pop("capabilities", None)
    account.data |= {**given, "metadata": metadata}
    desk.save(account)
    announce(desk, account, "account.updated")
    return account


def announce(desk: Desk, account: Thing, event_type: str, what: Thing | None = None) -> None:
    """Tells the platform something of an account; the event carries the account's id."""
    before, subject = desk.account, what or account
    own, subject.account = subject.account, account.id
    try:
        desk.tell(event_type, subject)
    finally:
        desk.account, subject.account = before, own


def answered(desk: Desk, account: Thing, *, enabled: bool = True) -> None:
    """The hotel has told Stripe what it asked: the account takes payments. enabled=False takes that back."""
    state = "active" if enabled else "inactive"
    account.data |= {
        "charges_enabled": enabled,
        "payouts_enabled": enabled,
        "details_submitted": True,
        "capabilities": {"card_payments": state, "transfers": state},
        "requirements": _requirements([] if enabled else list(_DUE[:1])),
    }
    desk.save(account)
    announce(desk, account, "account.updated")


def reject(desk: Desk, account: Thing) -> None:
    """Stripe will take no payments for this account ever again."""
    state = "inactive"
    account.data |= {
        "charges_enabled": False,
        "payouts_enabled": False,
        "capabilities": {"card_payments": state, "transfers": state},
        "requirements": {**_requirements([]), "disabled_reason": "rejected.other"},
    }
    desk.save(account)
    announce(desk, account, "account.updated")


def deauthorise(desk: Desk, account: Thing) -> None:
    """The hotel leaves the platform."""
    application = Thing("ca_holdfast", "application", account.id, {"id": "ca_holdfast", "object": "application",
                                                                   "name": "Holdfast"})  # fmt: skip
    announce(desk, account, "account.application.deauthorized", application)
    desk.vault.remove(account.id)


def create_link(desk: Desk, given: Json, _: str) -> Json:
    """A page on which the hotel answers, for five minutes and one visit."""
    account = desk.find("account", given["account"], "account")
    secret = token("", 20)
    account.hidden |= {"link": secret, "return_url": given["return_url"], "link_ends": desk.now + LINK_SECONDS}
    desk.save(account)
    return {
        "object": "account_link",
        "created": int(desk.now),
        "expires_at": int(desk.now) + LINK_SECONDS,
        "url": f"{desk.base}/setup/{account.id}/{secret}",
    }


def _delete(desk: Desk, _: Json, account_id: str) -> Json:
    account = desk.find("account", account_id)
    desk.vault.remove(account.id)
    return {"id": account_id, "object": "account", "deleted": True}


def _own(desk: Desk, _: Json, __: str) -> Json:
    return {"id": desk.account or "acct_platform", "object": "account", "charges_enabled": True, "country": "PT",
            "default_currency": "eur", "payouts_enabled": True, "type": "standard"}  # fmt: skip


def _reverse(desk: Desk, given: Json, transfer_id: str) -> Thing:
    transfer = desk.find("transfer", transfer_id)
    amount = given.get("amount", transfer.data["amount"] - transfer.data["amount_reversed"])
    if amount < 1:
        raise wrong("amount", "Invalid positive integer", "parameter_invalid_integer")
    return reverse(desk, transfer, amount, merged({}, given.get("metadata") or {}))


def _refund_fee(desk: Desk, given: Json, fee_id: str) -> Thing:
    fee = desk.find("application_fee", fee_id)
    amount = given.get("amount", fee.data["amount"] - fee.data["amount_refunded"])
    if amount < 1:
        raise wrong("amount", "Invalid positive integer", "parameter_invalid_integer")
    return refund_fee(desk, fee, amount, merged({}, given.get("metadata") or {}))


def _part_of(kind: str, whole: str, name: str) -> Call:
    """The list of an object's parts: reversals of a transfer, refunds of a fee."""
    path = f"{whole}s/*/{'reversals' if name == 'transfer' else 'refunds'}"

    def page(desk: Desk, given: Json, whole_id: str) -> Json:
        desk.find(whole, whole_id)
        condition = (f"json_extract(data, '$.{name}') = ?", whole_id)
        return desk.page(kind, given, f"/v1/{path.replace('*', whole_id)}", [condition])

    return Call("GET", path, page, PAGE)


_AMOUNT: Json = {"amount": WHOLE, "metadata": METADATA, "description": TEXT, "refund_application_fee": FLAG}
CALLS = (
    Call("GET", "account", _own),
    Call("POST", "accounts", create, _ACCOUNT),
    Call("GET", "accounts", listing("account", "accounts"), {**PAGE, "created": SPAN}),
    Call("GET", "accounts/*", showing("account")),
    Call("POST", "accounts/*", update, _ACCOUNT),
    Call("DELETE", "accounts/*", _delete),
    Call(
        "POST",
        "account_links",
        create_link,
        {"account": TEXT, "refresh_url": TEXT, "return_url": TEXT, "collection_options": WHATEVER,
         "type": OneOf(("account_onboarding", "account_update"))},
        ("account", "type", "refresh_url", "return_url"),
    ),
    Call(
        "GET",
        "transfers",
        listing("transfer", "transfers", destination="json_extract(data, '$.destination') = ?",
                transfer_group="json_extract(data, '$.transfer_group') = ?"),
        {**PAGE, "created": SPAN, "destination": TEXT, "transfer_group": TEXT},
    ),
    Call("GET", "transfers/*", showing("transfer")),
    Call("POST", "transfers/*/reversals", _reverse, _AMOUNT),
    _part_of("transfer_reversal", "transfer", "transfer"),
    Call(
        "GET",
        "application_fees",
        listing("application_fee", "application_fees", charge="charge = ?"),
        {**PAGE, "created": SPAN, "charge": TEXT},
    ),
    Call("GET", "application_fees/*", showing("application_fee")),
    Call("POST", "application_fees/*/refunds", _refund_fee, _AMOUNT),
    _part_of("fee_refund", "application_fee", "fee"),
)  # fmt: skip
