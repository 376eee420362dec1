"""Rules about names that lead nowhere: tasks, parameters, resources, environments.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
