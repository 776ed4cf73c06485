"""Start the model server named by the SERVING_* settings: `python -m serveoff.services.tfserving [FLAG...]`.

TensorFlow Serving's own flags, where any are given, go over those that come from the settings. This process becomes
`tensorflow_model_server` where it is on PATH, else the embedded model server, after the artifact was compared with the
manifest. Exit code 3 for an unusable setting or artifact.
"""

import os
import sys
from collections.abc import Sequence

from serveoff.models.manifest import ArtifactError, verify_artifact
from serveoff.services.settings import Settings, SettingsError
from serveoff.services.stopping import exit_on_sigterm
from serveoff.services.tfserving.launcher import check_ports, command, environment

UNUSABLE = 3


def main(flags: Sequence[str]) -> int:
    """Check, then become the server; returns only when that is refused."""
    exit_on_sigterm()
    try:
        settings = Settings.from_env(os.environ)
        environ = environment(settings)
        verify_artifact(settings.model_dir, settings.format)
        check_ports(settings)
    except (SettingsError, ArtifactError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    argv = command(flags)
    os.execve(argv[0], argv, {**os.environ, **environ})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
