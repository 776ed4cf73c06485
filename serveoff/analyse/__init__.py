"""The record of a run to estimates, verdicts and winners."""
