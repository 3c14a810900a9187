"""Phone numbers as the whole world dials them. Rule: docs/rules/guests.md."""

import phonenumbers


def e164(phone: str | None, country: str | None) -> str | None:
    """The number in E.164, such as +919847012345; None for what can be no number.

    country: two letters; where a number without its country's code is dialled. None: only numbers that have one count.
    """
    try:
        number = phonenumbers.parse(phone or "", country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
