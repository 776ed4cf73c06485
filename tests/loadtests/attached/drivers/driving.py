"""Slices of attached endpoints, driven in this process."""

from serveoff.loadtests.attached.requests import pool_of
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.loads import parse_load


def drive(driver, exchange, load="1", duration_s=0.2, timeout_s=5.0):
    recording = Recording(Drive(parse_load(load), 0.0, duration_s, timeout_s, seed=1), on_open=lambda: None)
    driver.drive(recording, driver.requests(pool_of(exchange)))
    return recording


def statuses(recording):
    return {row[4] for row in recording.rows}


def starts(recording):
    return sorted(row[2] for row in recording.rows)
