"""Ask Locust's web page."""

import time
import urllib.parse
import urllib.request


def fetch(url, form=None):
    """The body of a page, or of the answer to a form; a page that is not there yet is waited for."""
    data = urllib.parse.urlencode(form).encode() if form else None
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, data, timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
