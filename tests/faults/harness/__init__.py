"""The payout protocol under faults: a model checked exhaustively, random schedules, and wrong designs beside ours.

python -m tests.faults.harness.model              every state of two payouts, two attempts a day and a crash anywhere
python -m tests.faults.harness --schedules 1000   random schedules, for ours and for each wrong design
"""
