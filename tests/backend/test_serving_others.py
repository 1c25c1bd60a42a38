"""A server for other computers: a token of its own, no files of its disk, https where files for it are named."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import httpx
import pytest

from geopix_backend.config import LEAST_TOKEN_CHARS, VARIABLE, serve_config
from geopix_backend.errors import RequestError, ServeError
from geopix_backend.serve import bind
from geopix_backend.tiles import check
from geopix_qgis import bodies
from geopix_qgis import protocol as wire

ROOT = Path(__file__).resolve().parents[2]
GOOD = "t" * LEAST_TOKEN_CHARS
LIMIT_S = 60


def arguments(**changes: object) -> Namespace:
    values = {"host": "127.0.0.1", "port": 0, "model": "nano", "device": "auto", "precision": "auto"}
    return Namespace(
        **{**values, "parent_stdin": False, "token_file": None, "certificate": None, "key": None, **changes}
    )


@pytest.mark.parametrize("token", ["", "short", " " * 40])
def test_other_computers_are_not_served_without_a_token_of_some_length(token: str) -> None:
    with pytest.raises(ServeError, match=rf"Other computers reach 0\.0\.0\.0, .* at least {LEAST_TOKEN_CHARS}"):
        serve_config(arguments(host="0.0.0.0"), {VARIABLE: token})


def test_a_token_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    environ = {VARIABLE: GOOD}
    assert serve_config(arguments(host="0.0.0.0"), environ).token == GOOD
    assert environ == {}
    (tmp_path / "token").write_text(f"{GOOD}2\n")
    assert serve_config(arguments(host="::", token_file=tmp_path / "token"), {}).token == f"{GOOD}2"
    with pytest.raises(ServeError, match="cannot be read"):
        serve_config(arguments(token_file=tmp_path / "gone"), {})


def test_this_machine_alone_needs_no_token_of_ones_own() -> None:
    config = serve_config(arguments(), {})
    assert config.local and len(config.token) >= LEAST_TOKEN_CHARS


def test_https_needs_both_files(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(ServeError, match="both --certificate and --key"):
        serve_config(arguments(certificate=tmp_path / "a"), {})
    with pytest.raises(ServeError, match="There is no file"):
        serve_config(arguments(certificate=tmp_path / "a", key=tmp_path / "b"), {})


def test_paths_of_its_own_disk_are_not_read_for_others(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="reads no files for others; send the pixels"):
        check(wire.PathTile(str(tmp_path / "x.tif")), None, files=False)


def test_both_kinds_of_addresses_can_be_listened_on() -> None:
    for host in ("0.0.0.0", "::1"):
        with bind(0, host) as listener:
            assert listener.getsockname()[0] == host


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, made by openssl."""
    made = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run(command, check=True, capture_output=True)
    return made


def serve(*options: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "backend", "model"))
    environment = {**os.environ, "PYTHONPATH": paths, VARIABLE: GOOD}
    command = [sys.executable, "-m", "geopix_backend.cli", "serve", "--parent-stdin", *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, text=True)


def test_a_server_for_others_speaks_https_keeps_its_token_to_itself_and_refuses_paths(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    process = serve("--host", "0.0.0.0", "--certificate", str(files[0]), "--key", str(files[1]))
    assert process.stdin and process.stdout
    try:
        ready = json.loads(process.stdout.readline())
        assert "token" not in ready and ready["host"] == "0.0.0.0"
        trusting = ssl.create_default_context(cafile=str(files[0]))
        head = {wire.AUTH_HEADER: f"Bearer {GOOD}"}
        with httpx.Client(base_url=f"https://127.0.0.1:{ready['port']}", verify=trusting, timeout=LIMIT_S) as http:
            assert http.get("/health").status_code == 401
            health = http.get("/health", headers=head).json()
            assert health["memory_total"] > health["memory_free"] > 0 and health["device_name"]
            kind, body = bodies.encode_request(wire.AskRequest("x", wire.PathTile("/etc/hostname")))
            refused = http.post("/v1/ask", content=body, headers={**head, "content-type": kind})
        assert refused.status_code == 400 and "send the pixels" in refused.json()["message"]
    finally:
        process.stdin.close()
        process.wait(LIMIT_S)


def test_files_that_are_no_certificate_are_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    process = serve("--certificate", str(tmp_path / "a"), "--key", str(tmp_path / "a"))
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait(LIMIT_S) == 2
    assert re.search(r"geopix: https cannot be spoken with .*give both files in PEM\.$", said.strip())
