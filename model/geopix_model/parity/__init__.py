"""Whether a model computes what the published code computes: golden files against ours, stage by stage."""
