"""A second bookkeeper: counts everything again from the files, the gateway's own store and the raw tables.

It is written from the model of the business alone, in plain Python. It imports nothing of `payouts`, starts no Spark
and trusts no figure of the product, so a mistake would have to be made twice, in two ways, to stay unseen.
`python -m recount --root .` prints the differences between `.lakeflow/balance.json` and what it counted itself.
"""

from .lines import DECLARED

SOURCES = tuple(DECLARED)
