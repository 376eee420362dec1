"""Pays everybody who is due, once: a key that names the payout, recorded first, asked about before a second time."""

import sys
from pathlib import Path

from bank import Bank, Timeout

bank = Bank(sys.argv[1], silent="carol", times=2)
ledger = Path(sys.argv[1], "sent.txt")
sent = ledger.read_text().split() if ledger.exists() else []
unclear = []
for account, amount in {"alice": "120.00", "bob": "80.00", "carol": "50.00"}.items():
    key = f"{account}|2026-01-01"  # who and when: the same in every attempt, run and repair
    if key in sent and bank.knows(key):
        continue
    with ledger.open("a") as file:
        file.write(f"{key}\n")  # before the request leaves: from now on it may have arrived
    try:
        bank.transfer(account, amount, key)
    except Timeout as error:
        unclear.append(str(error))
if unclear:
    sys.exit(f"ask before sending again: {unclear}")
