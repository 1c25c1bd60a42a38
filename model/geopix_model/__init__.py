"""Pixel-grounding vision-language models for remote sensing: GeoPix at any size, and the embedded ``nano``."""

__version__ = "0.1.0"
