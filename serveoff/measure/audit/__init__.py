"""What the machine and the server processes really had: cores, threads, memory, energy, settings."""
