"""A service is down for good; the task that calls it has three retries."""

from drills.runner import Figures, Version, attempts, result


def figures(version: Version) -> Figures:
    """Runs the job once, and counts the calls."""
    run = version.run("daily")
    return {
        "run": result(run),
        "attempts of the task": str(attempts(run, "call")),
        "calls of a service that is down": str(len(version.lines("calls"))),
    }
