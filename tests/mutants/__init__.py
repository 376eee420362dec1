"""Our own bundle with single mistakes in it: what do `bundle validate --strict` and `lakeflow-local check` find?"""
