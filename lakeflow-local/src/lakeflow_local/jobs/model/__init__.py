"""What a job is and what a run's state holds: plain data, and the rules that need nothing else.

Every room of jobs imports from here.
"""
