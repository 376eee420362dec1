"""What stops a delivery."""


class DeliveryError(Exception):
    """A check failed, or an input is wrong. The message says what to do; nothing else has to be shown."""
