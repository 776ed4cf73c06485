"""What drives a server for a slice: the load generator, or the floor itself."""
