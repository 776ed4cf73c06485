"""The summaries that these tests read."""

from tests.serveoff.across_models_fixtures import faulty, folders, sound

__all__ = ["faulty", "folders", "sound"]
