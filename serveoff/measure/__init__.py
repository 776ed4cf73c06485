"""Plan a run, start its servers, check their answers, drive load and write the record."""
