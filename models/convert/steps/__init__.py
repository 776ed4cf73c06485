"""One conversion a module, `<node>_to_<node>.py`: found by its name."""
