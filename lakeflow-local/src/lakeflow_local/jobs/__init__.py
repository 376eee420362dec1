"""Jobs: a pure state machine, the history of runs, the processes of tasks, and an executor for each task type.

Holds rooms only; see each for what may be imported from it.
"""
