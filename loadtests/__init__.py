"""Generate load: Locust users that know protocols and payloads, and no framework."""
