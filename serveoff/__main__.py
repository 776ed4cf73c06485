"""`python -m serveoff`: the command line."""

import os

from serveoff.interrupts import interruptible, shielded


def main() -> None:
    """Run the command line; Ctrl-C counts from the first instant, and while modules load it waits for their end."""
    try:
        with interruptible():
            with shielded():
                from serveoff.cli import app
            app.main()
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    main()
