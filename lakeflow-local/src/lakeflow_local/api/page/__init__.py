"""The page at `/` for a browser: what the workspace holds and does. It changes nothing but files in volumes.

The application imports `site`.
"""
