"""The state machine: `advance` takes an event and a run's state, and gives commands. No I/O, no clock.

One machine serves run, repair and simulation; import `advance`, and the questions one may ask of a state.
"""
