"""Forty scenario questions over the guide, as data, and the pages that are made from them."""
