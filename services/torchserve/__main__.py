"""`python -m serveoff.services.torchserve`: serve one TorchScript artifact as the SERVING_* variables say."""

import os
import sys

from serveoff.services.torchserve.serve import main

if __name__ == "__main__":
    sys.exit(main(os.environ))
