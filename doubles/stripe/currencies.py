"""Stripe's minor units and least amounts. They are Stripe's own table: some differ from ISO 4217.

Source: Stripe's pages on currencies (zero-decimal, three-decimal, special cases, minimum amounts).
"""

from doubles.stripe.errors import Refused, wrong

ZERO_DECIMALS = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]  # Money that is never cut.
)
# Written with two decimals for old callers, but always whole.
WHOLE_OF_HUNDRED = frozenset({"isk", "ugx"})
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
TWO_DECIMALS = frozenset(
    [
        "aed",
        "afn",
        "all",
        "amd",
        "ang",
        "aoa",
        "ars",
        "aud",
        "awg",
        "azn",
        "bam",
        "bbd",
        "bdt",
        "bgn",
        "bmd",
        "bnd",
        "bob",
        "brl",
        "bsd",
        "bwp",
        "byn",
        "bzd",
        "cad",
        "cdf",
        "chf",
        "cny",
        "cop",
        "crc",
        "cve",
        "czk",
        "dkk",
        "dop",
        "dzd",
        "egp",
        "etb",
        "eur",
        "fjd",
        "fkp",
        "gbp",
        "gel",
        "gip",
        "gmd",
        "gtq",
        "gyd",
        "hkd",
        "hnl",
        "htg",
        "huf",
        "idr",
        "ils",
        "inr",
        "jmd",
        "kes",
        "kgs",
        "khr",
        "kyd",
        "kzt",
        "lak",
        "lbp",
        "lkr",
        "lrd",
        "lsl",
        "mad",
        "mdl",
        "mkd",
        "mmk",
        "mnt",
        "mop",
        "mur",
        "mvr",
        "mwk",
        "mxn",
        "myr",
        "mzn",
        "nad",
        "ngn",
        "nio",
        "nok",
        "npr",
        "nzd",
        "pab",
        "pen",
        "pgk",
        "php",
        "pkr",
        "pln",
        "qar",
        "ron",
        "rsd",
        "rub",
        "sar",
        "sbd",
        "scr",
        "sek",
        "sgd",
        "shp",
        "sle",
        "sos",
        "srd",
        "std",
        "szl",
        "thb",
        "tjs",
        "top",
        "try",
        "ttd",
        "twd",
        "tzs",
        "uah",
        "usd",
        "uyu",
        "uzs",
        "wst",
        "xcd",
        "yer",
        "zar",
        "zmw",
    ]
)
LEAST = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
LEAST_OTHERWISE = 50
MOST = 99_999_999


def decimals(currency: str) -> int:
    """How many decimals Stripe's minor unit has."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def is_known(currency: str) -> bool:
    """Whether Stripe takes it."""
    return currency in ZERO_DECIMALS | WHOLE_OF_HUNDRED | THREE_DECIMALS | TWO_DECIMALS


def least(currency: str) -> int:
    """The least amount of one charge, in minor units."""
    return LEAST.get(currency, LEAST_OTHERWISE)


def checked(amount: int, currency: str, param: str = "amount") -> str:
    """The currency in Stripe's lower case, once the amount can be charged in it.

    Errors: Refused for an unknown currency, an amount below or above Stripe's bounds, or one that the currency can't
    have: three-decimal amounts end in 0, those of ISK and UGX in 00.
    """
    currency = currency.lower()
    if not is_known(currency):
        raise wrong("currency", f"Invalid currency: {currency}.", "currency_not_supported")
    shown = written(least(currency), currency)
    if amount < least(currency):
        raise wrong(param, f"Amount must be at least {shown} {currency}", "amount_too_small")
    if amount > MOST:
        raise wrong(param, f"Amount must be no more than {written(MOST, currency)} {currency}", "amount_too_large")
    check_step(amount, currency, param)
    return currency


def check_step(amount: int, currency: str, param: str) -> None:
    """Errors: Refused where the currency has no such amount."""
    step = 10 if currency in THREE_DECIMALS else 100 if currency in WHOLE_OF_HUNDRED else 1
    if amount % step:
        raise Refused(
            400,
            f"Invalid amount: amounts in {currency.upper()} must be multiples of {step}.",
            code="invalid_amount",
            param=param,
        )


def written(amount: int, currency: str) -> str:
    """The amount for people: 12345 in eur is 123.45."""
    places = decimals(currency)
    return f"{amount / 10**places:,.{places}f}"
