"""Dashboards, alerts, and the destinations of notifications: kept and shown as they were sent.

The application imports the calls; the page reads the documents of `destinations`.
"""
