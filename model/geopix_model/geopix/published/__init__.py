"""GeoPix as it was published: checkpoint folder, image encoder, prompts; the mask parts are those of ``geopix``."""
