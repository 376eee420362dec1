"""A payment gateway for the demo and the tests: HTTP on loopback, durable, with faults on request.

    python -m sandbox_gateway --db gateway.db --port 0

It moves no money. It shares no code with the library that calls it, so that it can be evidence against it.
"""
