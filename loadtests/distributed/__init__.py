"""Load from several hosts: Locust workers that are told, slice by slice, their part of what their master is told."""
