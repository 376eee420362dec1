"""What the CLI's own validation says, as findings.

Every module here is imported by `check.rule.all_rules`; nothing else imports from it.
"""
