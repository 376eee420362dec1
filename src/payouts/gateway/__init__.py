"""The payment gateway as the job sees it: send a payout, ask about one, read the statement."""

from payouts.gateway.address import open_gateway
from payouts.gateway.client import Gateway, Payout, Reply, StatementLine
from payouts.gateway.file import FileGateway

__all__ = ["FileGateway", "Gateway", "Payout", "Reply", "StatementLine", "open_gateway"]
