"""The test cards of Stripe's documentation, and what each does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A test card.

    names: its payment methods. code, decline_code: how its bank refuses each charge. asks: when its bank wants the
    guest to prove that it is him (`never`, `always`, `unless_set_up`, `on_session`). attaches: whether it can be
    saved though charges fail. refunds: `at_once`, `pending` or `fails_later`. after: what follows a charge
    (`dispute`, `inquiry`, `early_fraud`).
    """

    number: str
    names: tuple[str, ...]
    words: str
    brand: str = "visa"
    code: str = ""
    decline_code: str | None = None
    asks: str = "never"
    attaches: bool = False
    refunds: str = "at_once"
    after: str = ""
    blocked: bool = False
    country: str = "US"

    @property
    def last4(self) -> str:
        """What is shown of it."""
        return self.number[-4:]


_NOT_PROVED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)
MESSAGES = {
    "payment_intent_authentication_failure": _NOT_PROVED,
    "setup_intent_authentication_failure": _NOT_PROVED,
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "incorrect_number": "Your card number is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def _declined(
    number: str, decline_code: str, *names: str, words: str = "", attaches: bool = False, blocked: bool = False
) -> Card:
    return Card(
        number,
        names,
        words or decline_code,
        code="card_declined",
        decline_code=decline_code,
        attaches=attaches,
        blocked=blocked,
    )


CARDS = (
    Card("4242424242424242", ("visa",), "Visa, succeeds"),
    Card("5555555555554444", ("mastercard",), "Mastercard, succeeds", brand="mastercard"),
    Card("378282246310005", ("amex",), "American Express, succeeds", brand="amex"),
    Card("4000056655665556", ("visa_debit",), "Visa debit, succeeds"),
    Card("4000006200000007", ("pt",), "Visa of Portugal, succeeds", country="PT"),
    Card("4000002760003184", ("authenticationRequired",), "asks for authentication each time", asks="always"),
    Card(
        "4000002500003155",
        ("authenticationRequiredOnSetup",),
        "asks for authentication unless it was set up",
        asks="unless_set_up",
    ),
    Card(
        "4000003800000446",
        ("authenticationRequiredSetupForOffSession",),
        "set up already; asks only when the guest is there",
        asks="on_session",
    ),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        "asks for authentication, then has no funds",
        code="card_declined",
        decline_code="insufficient_funds",
        asks="always",
        attaches=True,
    ),
    _declined("4000000000000002", "generic_decline", "chargeDeclined", words="declined"),
    _declined(
        "4000000000009995", "insufficient_funds", "chargeDeclinedInsufficientFunds", words="declined, no funds"
    ),
    _declined("4000000000009987", "lost_card", "chargeDeclinedLostCard", words="declined, lost"),
    _declined("4000000000009979", "stolen_card", "chargeDeclinedStolenCard", words="declined, stolen"),
    _declined("4000000000006975", "card_velocity_exceeded", "chargeDeclinedVelocityLimitExceeded",
              words="used too often"),
    Card("4000000000000069", ("chargeDeclinedExpiredCard",), "declined, expired", code="expired_card"),
    Card("4000000000000127", ("chargeDeclinedIncorrectCvc",), "declined, wrong security code", code="incorrect_cvc"),
    Card("4000000000000119", ("chargeDeclinedProcessingError",), "processing error", code="processing_error"),
    Card("4242424242424241", ("chargeDeclinedIncorrectNumber",), "wrong number", code="incorrect_number"),
    _declined("4000000000000341", "generic_decline", "chargeCustomerFail", words="can be saved, fails when charged",
              attaches=True),
    _declined("4100000000000019", "fraudulent", "radarBlock", words="blocked as fraud", blocked=True),
    Card("4000000000000259", ("createDispute",), "succeeds, then disputed as fraud", after="dispute"),
    Card("4000000000002685", ("createDisputeProductNotReceived",), "succeeds, then disputed as not received",
         after="dispute_not_received"),
    Card("4000000000001976", ("createDisputeInquiry",), "succeeds, then an inquiry", after="inquiry"),
    Card("4000000000005423", ("createIssuerFraudRecord",), "succeeds, then an early fraud warning",
         after="early_fraud"),
    Card("4000000000005126", ("refundFail",), "succeeds; refunds fail later", refunds="fails_later"),
    Card("4000000000007726", ("pendingRefund",), "succeeds; refunds are pending for a while", refunds="pending"),
)  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {
    f"pm_card_{brand}{name}": card for card in CARDS for name in card.names for brand in ("", "visa_") if name != "pt"
} | {"pm_card_pt": BY_NUMBER["4000006200000007"], "pm_card_visa_debit": BY_NUMBER["4000056655665556"]}


def is_number(number: str) -> bool:
    """Whether a card's number can be one (12 to 19 digits whose check digit fits)."""
    if not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
