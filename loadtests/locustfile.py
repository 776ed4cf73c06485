"""Load tests of the running endpoints, by hand or by the runner.

locust -f loadtests/locustfile.py                                   web page with a drop-down of endpoints
locust -f loadtests/locustfile.py --headless --endpoint NAME --users 4 --run-time 10s
"""

from locust import events

from serveoff.loadtests.control import Control
from serveoff.loadtests.protocols import user_classes

# Locust finds user classes among the names of this file.
globals().update({user.__name__: user for user in user_classes()})

Control().listen(events)
