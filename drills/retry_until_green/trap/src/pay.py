"""Pays everybody who is due. If it fails, it is run again."""

import sys

from bank import Bank

bank = Bank(sys.argv[1], silent="carol", times=2)
for account, amount in {"alice": "120.00", "bob": "80.00", "carol": "50.00"}.items():
    bank.transfer(account, amount)
