"""The payout protocol under faults: a model checked exhaustively, random schedules, and wrong designs beside ours.

python -m drills.faults.model               every state of two payouts, two attempts a day and a crash anywhere
python -m drills.faults --schedules 1000    random schedules, for ours and for each wrong design
"""
