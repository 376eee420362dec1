"""What the JVM of Spark is made of: which Java, Delta's jars, our own Java classes, the archive of all loaded classes.

The session and `lakeflow-local prepare` and `doctor` import from here.
"""
