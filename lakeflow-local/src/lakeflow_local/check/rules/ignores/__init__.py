"""Rules about the comments that make the checker silent.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
