"""Load tests of the running endpoints, by hand or by the runner.

python -I -m locust -f loadtests/locustfile.py                                   web page with a drop-down of endpoints
python -I -m locust -f loadtests/locustfile.py --headless --endpoint NAME --users 4 --run-time 10s
"""

import os
import sys

from locust import events

# Locust has put the folder where it was started before all others: what a user has there is not imported for ours.
if os.getcwd() in sys.path:
    sys.path.remove(os.getcwd())

from serveoff.loadtests.control import Control
from serveoff.loadtests.protocols import user_classes

# Locust finds user classes among the names of this file.
globals().update({user.__name__: user for user in user_classes()})

Control().listen(events)
