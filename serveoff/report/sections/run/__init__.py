"""What the report says of the run itself: how it was measured, on what, and where its time went."""
