"""One conversion step, in a process of its own: `python -m serveoff.models.convert STEP SOURCE TARGET SPEC`.

SPEC is a ModelSpec as JSON. `serveoff.models.importing.jobs` starts it and reads
its result.
"""

from __future__ import annotations

import sys
from pathlib import Path

from serveoff.models import convert
from serveoff.models.importing.child import Refused, answering
from serveoff.models.spec import ModelSpec


def main(arguments: list[str]) -> dict[str, object]:
    """Carry out one step; Refused, with the reason and the operator, where it cannot be."""
    name, source, target, spec = arguments
    try:
        convert.run(name, Path(source), Path(target), ModelSpec.model_validate_json(spec))
    except convert.Unconvertible as error:
        raise Refused(error.reason, error.operator) from None
    return {}


if __name__ == "__main__":
    answering(main, sys.argv[1:])
