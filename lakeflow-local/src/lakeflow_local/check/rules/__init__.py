"""The rules, a room for each family.

Adding a rule touches one module here: `check.rule.all_rules` imports them all.
"""
