"""Networks of the literature, as their packages write them."""
