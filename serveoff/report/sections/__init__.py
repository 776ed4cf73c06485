"""A section of the report each: figures and sentences, made from the analysis."""
