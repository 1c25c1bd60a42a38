"""Memory of finished steps is kept for the next ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
import numpy as np
from geopix_model import allocator
if sys.argv[1] == "keep":
    assert allocator.keep_freed() and allocator.keep_freed()
def step():
    kept = [np.ones(3_000_000) for _ in range(4)]  # 96 MB in blocks of 24: by itself, twice a block is kept
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode: str) -> int:
    done = subprocess.run([sys.executable, "-c", CODE, mode], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the allocator of glibc")
def test_pages_of_a_step_are_not_asked_for_again() -> None:
    assert faults("keep") < 1000 < 10_000 < faults("plain")
