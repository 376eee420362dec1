"""Commands that keep a folder and its machine in order: what is wrong here, what may go.

The command line imports them by name; nothing else imports from here.
"""
