"""GeoPix (arXiv 2501.06828) at any size: the ``nano`` config is the embedded model."""
