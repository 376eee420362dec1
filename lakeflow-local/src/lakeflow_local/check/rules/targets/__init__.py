"""Rules about what differs between targets, and about production.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
