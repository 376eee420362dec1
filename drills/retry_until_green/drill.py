"""Three sellers are due 250.00; the bank pays the third, and twice its answer does not arrive."""

from drills.runner import Figures, Version, attempts, result


def figures(version: Version) -> Figures:
    """Runs the job, and repairs it if it is red."""
    run = version.run("pay")
    ended = result(run)
    if ended != "SUCCESS":
        run = version.repair(run)
        ended += f", repaired: {result(run)}"
    return {
        "run": ended,
        "attempts": str(attempts(run, "pay")),
        "requests to the bank": str(len(version.lines("requests"))),
        "owed": "250.00",
        "paid": str(version.money()),
    }
