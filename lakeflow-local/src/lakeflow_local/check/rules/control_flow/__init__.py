"""Rules about the order of tasks, their conditions and loops.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
