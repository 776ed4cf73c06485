"""One file per command: its options, one call, a few lines out. What is slow to import, a command imports itself."""
