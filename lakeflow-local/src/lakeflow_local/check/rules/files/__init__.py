"""Rules about paths, globs, wheels and the code that tasks start.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
