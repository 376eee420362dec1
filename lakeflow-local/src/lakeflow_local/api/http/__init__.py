"""Requests and answers: who may ask, which handler answers, errors, paging, shapes.

Every family of calls (`api.jobs`, `api.files`, …) is made of it; it knows none of them.
"""
