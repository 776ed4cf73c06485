"""The report page: a small web service that lists runs, shows their reports and sets two side by side.

It reads the results folder and nothing else, computes no statistics, and writes nowhere. What lies in that folder is
not trusted: a run may be half written, damaged, huge, or made to harm whoever looks at it.
"""
