"""Secret scopes, secrets and who may read them.

The application imports the calls; what runs deployed code imports `file`.
"""
