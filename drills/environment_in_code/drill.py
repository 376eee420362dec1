"""A developer runs the job of the target dev, with three made-up rows."""

from drills.runner import Figures, Version, result

TARGET = "dev"


def figures(version: Version) -> Figures:
    """Runs the job once in dev, and looks which schema has grown."""
    run = version.run("daily")
    return {
        "run of target dev": result(run),
        "made-up rows in dev's schema": str(len(version.lines("sales_dev"))),
        "made-up rows in prod's schema": str(len(version.lines("sales"))),
    }
