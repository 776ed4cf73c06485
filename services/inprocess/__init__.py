"""The floor: the bare model in one process, no server, no wire. What every server's overhead is measured against."""
