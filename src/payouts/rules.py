"""The rules that data must keep, as data: the only place where bounds and lists stand.

From these lists come the expectations of the datasets, the filter of the quarantine tables, the rule names in each
quarantined row, and docs/rules.md. A predicate is a SQL string over the columns of the states table. It never
returns NULL: a rule that is NULL is a violation for an expectation, but no match for the filter `NOT rule`, and such
rows would be in neither table. A rule about a column that could not be read passes, because `row_parses` names it.
"""

from dataclasses import dataclass
from enum import Enum

from payouts.schemas import ORDERS, REFUNDS, SELLERS, Source

CURRENCIES = {"EUR": 2, "GBP": 2, "JPY": 0, "USD": 2}  # decimals of the minor unit, ISO 4217
LARGEST_AMOUNT = 1_000_000  # in any currency
LARGEST_FEE_BPS = 10_000  # the whole order
EARLIEST_TIME = "2015-01-01T00:00:00Z"
LATENESS_OF_CLOCKS_HOURS = 24  # how far ahead of its ingestion an event may be
STATUS_RANKS = {"placed": 1, "delivered": 2, "cancelled": 3}  # of states with the same time, the higher is newer
OPERATIONS = ("UPSERT", "DELETE")
_ISO_3166 = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = tuple(_ISO_3166.split())  # alpha-2 codes


class Severity(Enum):
    """What happens to a row that breaks a rule."""

    WARN = "warn"  # kept and counted
    DROP = "drop"  # quarantined and counted
    FAIL = "fail"  # the update stops, and the table stays as it was


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A name that says what is true, the SQL that is true then, and why it matters."""

    name: str
    predicate: str
    severity: Severity
    reason: str


def _drop(name: str, predicate: str, reason: str) -> Rule:
    return Rule(name=name, predicate=predicate, severity=Severity.DROP, reason=reason)


def _warn(name: str, predicate: str, reason: str) -> Rule:
    return Rule(name=name, predicate=predicate, severity=Severity.WARN, reason=reason)


def _fail(name: str, predicate: str, reason: str) -> Rule:
    return Rule(name=name, predicate=predicate, severity=Severity.FAIL, reason=reason)


def _judged(column: str, condition: str) -> str:
    """A condition on a column, true if the column could not be read, false if the condition is NULL."""
    return f"coalesce(array_contains(_unparsed_columns, '{column}'), false) OR coalesce({condition}, false)"


def _one_of(column: str, values: object) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _present(column: str) -> str:
    """A key of blanks is no key: of Unicode's separators and control characters too."""
    return _judged(column, rf"{column} RLIKE '[^\\s\\p{{Z}}\\p{{Cc}}]'")


def _of_upserts(condition: str) -> str:
    """A DELETE carries a key, a time and a sequence number, nothing else."""
    return f"NOT (operation <=> 'UPSERT') OR {condition}"


ROW_PARSES = _drop(
    "row_parses",
    "coalesce(size(_unparsed_columns) = 0, false)",
    "a line that is not one JSON object, or holds a value that is not of its column's type, means nothing for certain",
)
NO_UNKNOWN_COLUMN = _warn(
    "no_unknown_column",
    "_rescued_data IS NULL",
    "an upstream that adds a column must not stop payouts; it is kept in _rescued_data until somebody declares it",
)


CURRENCY_KNOWN = _drop(
    "currency_known", _judged("currency", _one_of("currency", CURRENCIES)), "we cannot pay in any other"
)


def _key_present(source: Source) -> Rule:
    return _drop(f"{source.key}_present", _present(source.key), "a row without key is about nothing")


def _clock_plausible(source: Source) -> Rule:
    ahead = LATENESS_OF_CLOCKS_HOURS * 3_600_000_000
    return _drop(
        f"{source.clock}_plausible",
        _judged(
            source.clock,
            f"{source.clock} >= TIMESTAMP '{EARLIEST_TIME}'"
            f" AND unix_micros({source.clock}) <= unix_micros(_ingested_at) + {ahead}",
        ),
        "an event before the company or after tomorrow is a broken clock, and would be the newest state for ever",
    )


# An amount is judged by its digits, because a DECIMAL(18,2) has rounded or lost what it could not hold.
def _amount_positive(source: Source) -> Rule:
    text = source.amount_text
    return _drop(
        f"{source.amount}_positive",
        _judged(source.amount, f"{text} <> '0' AND {text} NOT LIKE '-%'"),
        "a sale or refund moves money one way only; a missing amount moves none",
    )


def _amount_within_limit(source: Source) -> Rule:
    text = source.amount_text
    whole_digits = f"length(split_part({text}, '.', 1))"
    small = f"{whole_digits} < {len(str(LARGEST_AMOUNT))} OR {text} = '{LARGEST_AMOUNT}' OR {text} LIKE '-%'"
    return _drop(
        f"{source.amount}_within_limit",
        f"{text} IS NULL OR coalesce({small}, false)",
        "more than a million for one order is an amount in minor units, or a mistake",
    )


def _amount_fits_currency(source: Source) -> Rule:
    text = source.amount_text
    decimals = " ".join(f"WHEN '{currency}' THEN {digits}" for currency, digits in CURRENCIES.items())
    fits = f"length(split_part({text}, '.', 2)) <= CASE currency {decimals} ELSE length({text}) END"
    return _drop(
        f"{source.amount}_fits_currency",
        f"{text} IS NULL OR coalesce({fits}, false)",
        "nobody can pay a fraction of a cent, or of a yen; rounding it would invent money",
    )


ORDER_RULES = (
    ROW_PARSES,
    _key_present(ORDERS),
    _drop(
        "status_known",
        _judged("status", _one_of("status", STATUS_RANKS)),
        "we do not guess whether an unknown state is owed",
    ),
    _amount_positive(ORDERS),
    _amount_within_limit(ORDERS),
    CURRENCY_KNOWN,
    _amount_fits_currency(ORDERS),
    _clock_plausible(ORDERS),
    NO_UNKNOWN_COLUMN,
    _warn(
        "buyer_country_is_iso",
        _judged("buyer_country", _one_of("buyer_country", COUNTRIES)),
        "reports group by it, but no payout depends on it",
    ),
)

REFUND_RULES = (
    ROW_PARSES,
    _key_present(REFUNDS),
    _amount_positive(REFUNDS),
    _amount_within_limit(REFUNDS),
    CURRENCY_KNOWN,
    _amount_fits_currency(REFUNDS),
    _clock_plausible(REFUNDS),
    NO_UNKNOWN_COLUMN,
)

SELLER_RULES = (
    ROW_PARSES,
    _key_present(SELLERS),
    _drop("operation_known", _judged("operation", _one_of("operation", OPERATIONS)), "a change must say what it does"),
    _drop(
        "sequence_number_present",
        _judged("sequence_number", "sequence_number IS NOT NULL"),
        "without it, two changes of one instant have no order",
    ),
    _clock_plausible(SELLERS),
    _drop(
        "payout_currency_known",
        _of_upserts(_judged("payout_currency", _one_of("payout_currency", CURRENCIES))),
        "a seller whom we cannot pay in any currency must be corrected, not held",
    ),
    _drop(
        "fee_bps_in_range",
        _of_upserts(_judged("fee_bps", f"fee_bps BETWEEN 0 AND {LARGEST_FEE_BPS}")),
        "a fee below nothing or above the sale pays the wrong way",
    ),
    _drop(
        "is_suspended_present",
        _of_upserts(_judged("is_suspended", "is_suspended IS NOT NULL")),
        "whether a seller may be paid must be said, not assumed",
    ),
    NO_UNKNOWN_COLUMN,
)

CONFLICT_RULES = (
    _warn(
        "state_is_unambiguous",
        "coalesce(contents = 1, false)",
        "one key, one time, two contents: the greater content wins, but somebody should ask the upstream",
    ),
)

ENTRY_RULES = (
    _fail(
        "entry_id_unique",
        "coalesce(entry_id IS NOT NULL AND copies = 1, false)",
        "an entry that stands twice is paid twice; only a defect in this code can make one, never a landed row",
    ),
    _fail(
        "fee_within_sale",
        "coalesce(entry_type <> 'fee' OR amount BETWEEN -gross_amount AND 0, false)",
        "a fee above its sale would charge a seller for selling; the rules for landed rows make it impossible",
    ),
)

RULES = {
    ORDERS.name: ORDER_RULES,
    REFUNDS.name: REFUND_RULES,
    SELLERS.name: SELLER_RULES,
}


def rules_of(source: Source) -> tuple[Rule, ...]:
    """All rules for the rows of a source."""
    return RULES[source.name]


def predicates(rules: tuple[Rule, ...], severity: Severity) -> dict[str, str]:
    """Name -> SQL, as `expect_all`, `expect_all_or_drop` and `expect_all_or_fail` take them."""
    return {rule.name: rule.predicate for rule in rules if rule.severity is severity}


def warned(source: Source) -> dict[str, str]:
    """For `expect_all` on a states table."""
    return predicates(rules_of(source), Severity.WARN)


def dropped(source: Source) -> dict[str, str]:
    """For `expect_all_or_drop` on a states table; a row that breaks one of them is in its quarantine table instead."""
    return predicates(rules_of(source), Severity.DROP)
