"""Pixel-grounding vision-language models for remote sensing: GeoPix at any size, and the embedded ``nano``."""

import os

__version__ = "0.1.0"

# Read when torch is imported.  Threads that spin while they wait for each other take the processor from QGIS, and from
# each other: on a busy machine two of them took twice the CPU seconds of threads that sleep, and three times the time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
