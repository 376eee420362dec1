"""Pays everybody who is due; dies after the second of three."""

import os
import sys

from bank import Bank

bank = Bank(sys.argv[1])
for account, amount in {"alice": "120.00", "bob": "80.00", "carol": "50.00"}.items():
    if account == "carol":
        os._exit(137)  # out of memory, say
    bank.transfer(account, amount, f"{account}|2026-01-01")
