"""Files in volumes, as `/Volumes/…`: the calls below `/api/2.0/fs`.

The application imports the calls; the page imports `paths`.
"""
