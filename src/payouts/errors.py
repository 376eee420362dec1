"""The errors of the job, one line each.

PayoutsError
├── InvalidParameter      a task was called with something that cannot be meant
├── GatewayUnavailable    the gateway gives no statement, or cannot be reached at all
├── LedgerInconsistent    the ledger contradicts itself: nothing may be sent
├── CancelRefused         an operator's cancel that would risk a second payout
├── PayoutsHeld           raised on purpose: the gate is closed, someone has to look
├── NotSettled            raised on purpose: something payable is not confirmed
└── NotBalanced           raised on purpose: a row or an amount is not accounted for
"""


class PayoutsError(Exception):
    """The base of all; its text is for the person on duty: what happened, and how to go on."""


class InvalidParameter(PayoutsError, ValueError):
    """A task was called with something that cannot be meant."""


class GatewayUnavailable(PayoutsError):
    """The gateway gives no statement, or cannot be reached at all."""


class LedgerInconsistent(PayoutsError):
    """The ledger contradicts itself: nothing may be sent."""


class CancelRefused(PayoutsError):
    """An operator's cancel that would risk a second payout."""


class PayoutsHeld(PayoutsError):
    """The gate is closed: nothing is paid until someone has looked."""


class NotSettled(PayoutsError):
    """Something payable is not claimed and confirmed."""


class NotBalanced(PayoutsError):
    """The closing balance does not balance: a row or an amount is not accounted for."""
