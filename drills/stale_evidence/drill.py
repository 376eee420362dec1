"""Three rows are judged good, the server is down; a broken row arrives, the server is up again, the run is repaired."""

from drills.runner import Figures, Version, result

ROW, BROKEN = '{"order_id": "o", "amount": "10.00"}\n', '{"order_id": "o", "amount": null}\n'


def figures(version: Version) -> Figures:
    """Runs the job, lets a broken row arrive, and repairs what failed."""
    version.state.mkdir()
    rows = version.state / "rows.jsonl"
    rows.write_text(ROW * 3)
    run = version.run("daily")
    rows.write_text(ROW * 3 + BROKEN)
    (version.state / "server_is_up").touch()
    repaired = version.repair(run)
    return {
        "run": f"{result(run)}, repaired: {result(repaired)}",
        "rows judged good": "3",
        "rows published": str(len(version.lines("published"))),
        "broken rows published": str(sum(line["amount"] is None for line in version.lines("published"))),
    }
