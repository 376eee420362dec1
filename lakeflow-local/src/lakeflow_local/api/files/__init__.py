"""Files and folders of the workspace, as `/Workspace/…`.

The application imports the calls; other families import `tree`.
"""
