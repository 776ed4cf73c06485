"""Whether a point can be trusted, and what speaks against it."""
