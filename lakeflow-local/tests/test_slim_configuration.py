"""What Spark takes along for each table that it reads: Hadoop's settings, without what nothing here asks for."""


def test_settings_are_all_of_hadoops_but_yarns_and_without_their_origin(spark):
    of_hadoop = spark._jvm.org.apache.hadoop.conf.Configuration()
    ours = spark._jsparkSession.sessionState().newHadoopConf()
    expected = _names(of_hadoop)
    of_yarn = {name for name in expected if name.startswith("yarn.")}
    assert of_yarn, "there is nothing to leave out"
    assert _names(ours) >= expected - of_yarn
    assert not _names(ours) & of_yarn
    assert of_hadoop.getPropertySources("io.file.buffer.size") is not None
    assert ours.getPropertySources("io.file.buffer.size") is None


def _names(configuration) -> set[str]:
    names, settings = set(), configuration.iterator()
    while settings.hasNext():
        names.add(settings.next().getKey())
    return names
