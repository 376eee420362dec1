"""CREATE of a dataset: streaming tables, materialized views, tables and views, with their columns and clauses."""

from __future__ import annotations

from sqlglot.tokens import TokenType

from lakeflow_local.pipelines.model.declarations import Declarations, merge_expectations
from lakeflow_local.pipelines.model.model import Dataset, Flow, Kind
from lakeflow_local.pipelines.sql.sql_columns import Columns, read_columns
from lakeflow_local.pipelines.sql.sql_cursor import OPEN, STRINGS, Cursor, names_in
from lakeflow_local.pipelines.sql.sql_flow import read_inline_flow
from lakeflow_local.pipelines.sql.sql_query import read_query
from lakeflow_local.pipelines.sql.sql_state import SqlState


def read_dataset(cursor: Cursor, declared: Declarations, state: SqlState) -> None:
    """A dataset with its query or its flow, from behind CREATE.

    Raises:
        UserError: for what is no dataset, or a clause that is not known.
    """
    if cursor.take("OR"):
        cursor.expect("REFRESH") if not cursor.take("REPLACE") else None
    private = cursor.take("PRIVATE")
    temporary = cursor.take("TEMPORARY") or cursor.take("TEMP")
    live = cursor.take("LIVE")
    is_managed = False
    if cursor.take("MATERIALIZED", "VIEW"):
        kind = Kind.MATERIALIZED_VIEW
    elif cursor.take("STREAMING"):
        live = cursor.take("LIVE") or live
        kind = Kind.TEMPORARY_VIEW if temporary and cursor.take("VIEW") else Kind.STREAMING_TABLE
        if kind is Kind.STREAMING_TABLE:
            cursor.expect("TABLE")
    elif cursor.take("VIEW"):
        kind = Kind.TEMPORARY_VIEW
        if not (temporary or private or live):
            declared.ignore("CREATE VIEW as an object of the catalog (it is a temporary view here)", cursor.place)
    elif cursor.take("TABLE"):
        kind = Kind.TABLE  # CREATE LIVE TABLE, the older form: its query decides
        is_managed = not live
    else:
        raise cursor.error(f"a pipeline cannot create this: '{cursor.words(4)} …'")
    if temporary and kind is not Kind.TEMPORARY_VIEW:
        private = True
    cursor.take("IF", "NOT", "EXISTS")
    dataset = Dataset(state.qualified(cursor.name()), kind, cursor.place, private=private)
    dataset.spark_conf = dict(state.spark_conf)
    columns = read_columns(cursor, declared) if cursor.is_next(OPEN) else Columns()
    dataset.schema, dataset.supplied = columns.schema, tuple(columns.supplied)
    if columns.rules and kind is Kind.TEMPORARY_VIEW and not (temporary or live):
        raise cursor.error(f"view {dataset.name}: CREATE VIEW supports no expectations, CREATE LIVE VIEW does")
    _clauses(cursor, dataset, declared)
    dataset.expectations = merge_expectations(dataset.name, columns.rules, cursor.place)
    if columns.named and cursor.words(1).upper() != "AS":
        raise cursor.error(f"{dataset.name}: without a query, column {columns.named[0][0]} needs a type")
    _content(cursor, dataset, columns, is_managed, declared, state)


def _content(
    cursor: Cursor, dataset: Dataset, columns: Columns, is_managed: bool, declared: Declarations, state: SqlState
) -> None:
    """The flow or the query behind the clauses; a streaming table and a table may have neither."""
    name = dataset.name
    if cursor.take("AS"):
        flow = Flow(name, name, read_query(cursor, state, columns.named), cursor.place)
        return declared.add_dataset(dataset, flow)
    if is_managed:
        dataset.kind, dataset.is_managed = Kind.STREAMING_TABLE, True
    if cursor.take("FLOW"):
        if dataset.kind is not Kind.STREAMING_TABLE:
            raise cursor.error(f"{name}: a FLOW clause belongs to a streaming table or a table")
        declared.add_dataset(dataset)
        return declared.add_flow(read_inline_flow(cursor, state, name))
    if not cursor.is_at_end:
        raise cursor.error(f"unexpected '{cursor.words(3)}' in the declaration of {name}")
    if dataset.kind is not Kind.STREAMING_TABLE:
        raise cursor.error(f"{name} has no AS and query")
    declared.add_dataset(dataset)


def _clauses(cursor: Cursor, dataset: Dataset, declared: Declarations) -> None:
    """The clauses between the columns and AS, in any order."""
    while not cursor.is_at_end:
        if cursor.take("COMMENT"):
            dataset.comment = cursor.string()
        elif cursor.take("PARTITIONED", "BY"):
            dataset.partition_cols = names_in(cursor.parenthesised())
        elif cursor.take("CLUSTER", "BY"):
            if cursor.is_next(OPEN):
                dataset.cluster_by = names_in(cursor.parenthesised())
            else:
                cursor.word()  # AUTO or NONE
        elif cursor.take("TBLPROPERTIES"):
            dataset.properties = _properties(cursor)
        elif cursor.take("USING"):
            form = cursor.word()
            if form.upper() != "DELTA":
                declared.ignore(f"USING {form.upper()} (it is a Delta table here)", cursor.place)
        elif cursor.take("LOCATION"):
            cursor.string()  # every table lies in the warehouse
            declared.ignore("LOCATION", cursor.place)
        elif cursor.take("ROW", "FILTER") or cursor.take("WITH", "ROW", "FILTER"):
            cursor.name()  # all rows are for the one user of this machine
            cursor.expect("ON")
            cursor.parenthesised()
            declared.ignore("ROW FILTER", cursor.place)
        elif cursor.take("REFRESH", "POLICY"):
            _refresh_policy(cursor, dataset, declared)
        elif cursor.take("DEFAULT", "COLLATION"):
            name = cursor.word()
            if name.upper() != "UTF8_BINARY":
                raise cursor.error(f"{dataset.name}: lakeflow-local does not support DEFAULT COLLATION {name}")
        elif cursor.take("SCHEDULE") or cursor.take("TRIGGER"):
            raise cursor.error("SCHEDULE and TRIGGER belong to tables outside of a pipeline")
        elif cursor.take("WITH", "METRICS") or cursor.take("WITH", "SCHEMA"):
            raise cursor.error(
                f"view {dataset.name}: lakeflow-local does not support views WITH METRICS or WITH SCHEMA"
            )
        else:
            return


def _refresh_policy(cursor: Cursor, dataset: Dataset, declared: Declarations) -> None:
    """How a materialized view is recomputed on the platform; here it is always computed whole."""
    if dataset.kind is not Kind.MATERIALIZED_VIEW:
        raise cursor.error(f"{dataset.name}: REFRESH POLICY belongs to a materialized view")
    policy = cursor.word().upper()
    if policy not in ("AUTO", "INCREMENTAL", "FULL"):
        raise cursor.error(
            f"{dataset.name}: REFRESH POLICY is AUTO, INCREMENTAL, INCREMENTAL STRICT or FULL, not {policy}"
        )
    if policy == "INCREMENTAL":
        cursor.take("STRICT")
    declared.ignore("REFRESH POLICY", cursor.place)


def _properties(cursor: Cursor) -> dict[str, str]:
    found = {}
    for start, end in cursor.items():
        words = cursor.tokens[start:end]
        split = next((i for i, token in enumerate(words) if token.token_type is TokenType.EQ), len(words) - 1)
        key = words[0].text if words[0].token_type in STRINGS else "".join(token.text for token in words[:split])
        found[key] = words[-1].text
    return found
