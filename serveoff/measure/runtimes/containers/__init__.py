"""Deployments in containers: the engine, Compose, what is true inside a container, and what it uses."""
