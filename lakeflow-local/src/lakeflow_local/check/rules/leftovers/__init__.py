"""Rules about what is declared and used by nothing.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
