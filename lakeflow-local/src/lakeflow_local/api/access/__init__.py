"""Who asks, and what he may do: the current user, the addresses that clients discover, permissions of objects.

The application alone imports it.
"""
