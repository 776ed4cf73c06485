"""The summaries that these tests read."""

from tests.serveoff.across_models_fixtures import analyses, faulty, folders, sound

__all__ = ["analyses", "faulty", "folders", "sound"]
