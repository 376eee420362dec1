"""Rules about triggers, schedules and who hears of a failure.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
