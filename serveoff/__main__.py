"""`python -m serveoff`: the command line."""

from serveoff.cli.app import main

if __name__ == "__main__":
    main()
