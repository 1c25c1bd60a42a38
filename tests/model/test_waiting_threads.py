"""Threads of torch sleep while they wait, unless somebody asked for something else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("chosen", "found"), [(None, "PASSIVE"), ("active", "active")])
def test_threads_sleep_while_they_wait(chosen: str | None, found: str) -> None:
    code = "import sys, os, geopix_model; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    environ = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if chosen is not None:
        environ["OMP_WAIT_POLICY"] = chosen
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [found, "False"], "it is read when torch is imported: it has to come first"
