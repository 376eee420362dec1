"""What a pipeline's source files declare, read and never run: datasets, flows, reads, expectations, deeds.

Rules import `reading.pipelines_of` and the model; what is not certain is left out, so that rules stay silent about it.
"""
