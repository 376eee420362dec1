"""What the API remembers: documents in SQLite and files, both under `.lakeflow/api/`; and who runs code for it.

The families of calls and the children that play deployed runs import it.
"""
