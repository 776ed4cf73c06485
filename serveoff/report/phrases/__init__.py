"""Names, numbers and phrases that the sections, the page and the summary share."""
