"""Rules about secrets that stand in the bundle's files.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
