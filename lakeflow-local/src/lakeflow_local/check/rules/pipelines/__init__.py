"""Rules about datasets, expectations and flows.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
