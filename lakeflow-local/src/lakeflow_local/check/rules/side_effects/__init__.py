"""Rules about tasks that act on the outside world, and about retries.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
