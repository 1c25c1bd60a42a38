"""Training in two stages: language on frozen features, then masks and language together."""
