"""Three countries sold 250.00; the mail that says so fails twice."""

from decimal import Decimal

from drills.runner import Figures, Version, result


def figures(version: Version) -> Figures:
    """Runs the job once, and adds up what its table says."""
    run = version.run("daily")
    totals = version.lines("totals")
    return {
        "run": result(run),
        "transformations": str(len(totals) // 3),
        "mails tried": str(len(version.lines("mails"))),
        "sold": "250.00",
        "sold, says the table": str(sum(Decimal(line["amount"]) for line in totals)),
    }
