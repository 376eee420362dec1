"""Six orders worth 325.00 land: two are good, one has an unknown currency, one a negative amount, two lack a value."""

from drills.runner import Figures, Version


def figures(version: Version) -> Figures:
    """Updates the pipeline once, and counts where the rows are."""
    update = version.update("orders")
    landed, kept, quarantined = (update[name].rows for name in ("orders_raw", "orders", "orders_quarantine"))
    return {
        "rows landed": str(landed),
        "kept": str(kept),
        "in quarantine": str(quarantined),
        "nowhere": str(landed - kept - quarantined),
    }
