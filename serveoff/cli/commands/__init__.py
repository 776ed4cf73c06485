"""The commands: their options, one call, a few lines out. What is slow to import, a command imports itself."""
