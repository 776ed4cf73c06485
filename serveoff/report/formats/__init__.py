"""A file format of the report each."""
