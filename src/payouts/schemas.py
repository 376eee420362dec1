"""What lands: the three sources, their declared columns and the tables that hold them.

Everything that depends on a column list (parsing, content, rules, tests) reads it from here, in the declared order.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the landed text of a column is read; the value is the SQL type of the silver column."""

    TEXT = "STRING"
    AMOUNT = "DECIMAL(18,2)"  # in the unit of the row's currency
    INTEGER = "INT"
    LONG = "BIGINT"
    FLAG = "BOOLEAN"
    INSTANT = "TIMESTAMP"  # UTC


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """One folder of the landing volume and the tables made of it.

    Attributes:
        name: the folder, and the first part of the bronze table's name.
        columns: declared columns, in declared order.
        key: the column that says what a row is about.
        clock: the business time of a row.
        states: the silver table of valid first copies.
        tie_breakers: what orders rows of one key and one clock before their content does.
        amount: the column that holds money, if there is one.
        amount_text: the same amount in plain digits, which the rules judge before any rounding.
    """

    name: str
    columns: dict[str, Kind]
    key: str
    clock: str
    states: str
    tie_breakers: tuple[str, ...] = ()
    amount: str | None = None

    @property
    def bronze(self) -> str:
        return f"{self.name}_raw"

    @property
    def quarantine(self) -> str:
        return f"{self.states}_quarantine"

    @property
    def amount_text(self) -> str | None:
        return f"{self.amount}_text" if self.amount else None

    @property
    def newest_by(self) -> tuple[str, ...]:
        """The columns whose struct orders the rows of one key; unique within a key, because content is."""
        return (self.clock, *self.tie_breakers, "content")


ORDERS = Source(
    name="orders",
    columns={
        "order_id": Kind.TEXT,
        "seller_id": Kind.TEXT,
        "buyer_country": Kind.TEXT,
        "currency": Kind.TEXT,
        "gross_amount": Kind.AMOUNT,
        "status": Kind.TEXT,
        "event_at": Kind.INSTANT,
    },
    key="order_id",
    clock="event_at",
    states="order_states",
    tie_breakers=("status_rank",),
    amount="gross_amount",
)

REFUNDS = Source(
    name="refunds",
    columns={
        "refund_id": Kind.TEXT,
        "order_id": Kind.TEXT,
        "currency": Kind.TEXT,
        "refund_amount": Kind.AMOUNT,
        "reason": Kind.TEXT,
        "refunded_at": Kind.INSTANT,
    },
    key="refund_id",
    clock="refunded_at",
    states="refund_notices",
    amount="refund_amount",
)

SELLERS = Source(
    name="sellers",
    columns={
        "seller_id": Kind.TEXT,
        "operation": Kind.TEXT,
        "sequence_number": Kind.LONG,
        "legal_name": Kind.TEXT,
        "country": Kind.TEXT,
        "payout_currency": Kind.TEXT,
        "payout_account": Kind.TEXT,
        "fee_bps": Kind.INTEGER,  # hundredths of a percent
        "is_suspended": Kind.FLAG,
        "changed_at": Kind.INSTANT,
    },
    key="seller_id",
    clock="changed_at",
    states="seller_changes",
    tie_breakers=("sequence_number",),
)

SOURCES = (ORDERS, REFUNDS, SELLERS)

LANDING_COLUMNS = {
    "_rescued_data": "STRING",  # JSON of the columns that nobody declared
    "_corrupt_record": "STRING",  # the text of a line, or array element, that is not one JSON object
    "_file_path": "STRING",
    "_file_modified_at": "TIMESTAMP",
    "_ingested_at": "TIMESTAMP",  # one value per micro-batch
    "_row_id": "STRING",  # breaks ties between copies within one file
}


CONTENT_HASH = "_content_hash"  # SHA-256 of the content: copies have the same


def bronze_schema(source: Source) -> str:
    """DDL of a bronze table: every declared column as text, where the row came from, and the hash of its content."""
    columns = dict.fromkeys(source.columns, "STRING") | LANDING_COLUMNS | {CONTENT_HASH: "STRING"}
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())
