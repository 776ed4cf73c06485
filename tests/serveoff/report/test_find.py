"""What is folded up is found: by the browser's own search, and by a link."""

import pytest

from tests.chromium import needs_chromium, opened

pytestmark = needs_chromium
FOLD = "document.getElementById('{}').closest('details').open"
IN_VIEW = "(() => {{ const y = document.getElementById('{}').getBoundingClientRect().y; return 0 <= y && y < 900; }})()"


def test_words_that_the_browser_looks_for_open_the_fold_that_holds_them(browser, rendered):
    """A text fragment is found as the search of the page finds it, in closed folds, too."""
    address = rendered["clean"].paths["html"].as_uri() + "#:~:text=Westfall%20and%20Young%201993"
    with opened(browser, address) as page:
        page.wait_for_function(FOLD.format("method"))
        assert not page.evaluate(FOLD.format("environment")), "no other one opens"


@pytest.mark.parametrize("address", ["claim-c9", "raw-data", "compose-file"])
def test_a_link_opens_every_fold_around_its_target(browser, rendered, address):
    with opened(browser, rendered["clean"].paths["html"].as_uri() + f"#{address}") as page:
        page.wait_for_function(FOLD.format(address))
        page.wait_for_function(IN_VIEW.format(address))
