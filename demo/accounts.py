"""Accounts that belong to nobody: the IBANs that documentation uses, and numbers that say that they are tests."""

from collections.abc import Sequence

# The examples of the IBAN registry and of Wikipedia's article on the IBAN; their check digits are right.
EXAMPLE_IBANS: dict[str, Sequence[str]] = {
    "AT": ("AT611904300234573201",),
    "BE": ("BE68539007547034", "BE71096123456769"),
    "DE": ("DE89370400440532013000", "DE75512108001245126199"),
    "ES": ("ES9121000418450200051332", "ES7921000813610123456789"),
    "FR": ("FR1420041010050500013M02606", "FR7630006000011234567890189"),
    "GB": ("GB29NWBK60161331926819", "GB82WEST12345698765432"),
    "IT": ("IT60X0542811101000000123456",),
    "NL": ("NL91ABNA0417164300", "NL02ABNA0123456789"),
}


def example_account(country: str, number: int) -> str:
    """An account for a seller: an example IBAN of the country, or a made-up number where there are no IBANs.

    Args:
        country: ISO 3166-1 code of the seller.
        number: tells the accounts of one country apart.
    """
    ibans = EXAMPLE_IBANS.get(country)
    return ibans[number % len(ibans)] if ibans else f"TEST-{country}-{number:010}"


def check_digits_hold(iban: str) -> bool:
    """The check of ISO 13616: moved and read as a number, an IBAN leaves 1 when divided by 97."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1
