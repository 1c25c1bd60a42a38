"""The embedded model: a GeoPix of small size, with a language model trained from scratch on generated conversations."""
