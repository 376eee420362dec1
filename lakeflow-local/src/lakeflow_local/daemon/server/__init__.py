"""The process itself: `python -m lakeflow_local.daemon.server ROOT`. It owns a JVM, a fork server and services.

Commands find it by the files of `daemon.places`, and ask it over a Unix socket.
"""
