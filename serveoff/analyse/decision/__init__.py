"""What a run decides, as data and without a sentence: the recommendation, how sure it is, and what follows from it."""
