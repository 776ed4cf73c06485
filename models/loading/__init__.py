"""How the network in the folder of an eager format is built: of the user's own files, or a class of models/zoo."""
