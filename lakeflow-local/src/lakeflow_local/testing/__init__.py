"""The pytest plugin and what its fixtures give: a pipeline, a job and a bundle under test.

Tests import nothing from here; they name the fixtures.
"""
