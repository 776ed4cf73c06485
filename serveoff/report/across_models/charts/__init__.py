"""The summary's drawings, made as the report's are: each wide and narrow, coloured by the page's style."""
