"""Three sellers are due 250.00; the task that pays dies after the second."""

from drills.runner import Figures, Version, result


def figures(version: Version) -> Figures:
    """Runs the job once, and looks who is told what."""
    run = version.run("pay")
    return {
        "run": result(run),
        "told": ", ".join(version.told),
        "owed": "250.00",
        "paid": str(version.money()),
        "missing, and nobody knows": "50.00" if result(run) != "FAILED" else "0.00",
    }
