"""Three orders land on day 1, one on day 2, when the file of day 1 has expired; then somebody refreshes in full."""

from drills.runner import Figures, Version


def figures(version: Version) -> Figures:
    """Updates, lets the first file expire, updates in full, and counts the rows."""
    before = version.update("orders")["orders_raw"].rows
    (version.root / "landing/day1.json").unlink()  # what a retention rule does
    (version.root / "landing/day2.json").write_text('{"order_id": "o4", "gross": "30.00"}\n')
    update = version.update("orders", full_refresh_all=True)
    [revenue] = version.spark.table(f"{version.schema('orders')}.revenue").collect()
    return {
        "update": update.state,
        "orders on day 1": str(before),
        "after the full refresh": str(revenue.orders),
        "revenue, of 280.00": str(revenue.gross),
    }
