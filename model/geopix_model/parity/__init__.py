"""How far our models are from what the published code computed: ``python -m geopix_model.parity DIR``."""
