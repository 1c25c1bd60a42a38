"""Which programs install the model process, and what pip's and uv's last words mean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geopix_qgis import install_plan, install_tools, offline_bundle
from geopix_qgis.install_plan import PYTORCH, SETTINGS, Plan, steps, wrong_build
from geopix_qgis.install_problems import KINDS, classify
from geopix_qgis.install_tools import Tool, knows_an_index, numbers
from tests.qgis import wheels

PIP = Tool("python", "/usr/bin/python3", (3, 12, 1), (24, 2))
UV = Tool("uv", "/opt/uv", (0, 13, 9))


def plan(tmp_path, tool=PIP, build="cpu", **changes):
    return Plan(
        tmp_path / "home", tool, build, tmp_path / "model.whl", tmp_path / "constraints.txt", "0.1.0", **changes
    )


def arguments(made, name):
    return next(" ".join(step.arguments) for step in steps(made) if step.name == name)


# As PyTorch's start page and uv's documentation have it: an index for each build. uv 0.13.9 was seen to fetch torch
# from the one of the CPU builds with "--torch-backend cpu"; "auto" asks the driver.
BACKENDS = {
    "cpu": "--torch-backend cpu torch",
    "cuda": "--torch-backend auto torch",
    "rocm": "--torch-backend auto torch",
}


@pytest.mark.parametrize("build", BACKENDS)
def test_uv_takes_each_build_of_pytorch_from_its_own_index_and_fetches_a_python_where_none_is(build, tmp_path):
    made = plan(tmp_path, UV, build)
    assert [step.name for step in steps(made)] == ["environment", "torch", "packages", "check"]
    assert "--python >=3.11,<3.15" in arguments(made, "environment")
    assert arguments(made, "torch").endswith(BACKENDS[build]) and made.index == PYTORCH
    assert arguments(made, "packages").endswith("model.whl") and "--torch-backend" not in arguments(made, "packages")
    assert {step.program for step in steps(made)[:-1]} == {UV.path}


@pytest.mark.parametrize("build", BACKENDS)
def test_with_pip_alone_uv_is_fetched_into_the_environment_to_find_the_build(build, tmp_path):
    made = plan(tmp_path, PIP, build)
    assert [step.name for step in steps(made)] == ["environment", "uv", "torch", "packages", "check"]
    assert "-m pip install" in arguments(made, "uv") and arguments(made, "uv").endswith("uv>=0.7.14")
    assert arguments(made, "torch").startswith(f"-I -m uv pip install --python {made.python} --constraint")
    assert arguments(made, "torch").endswith(BACKENDS[build])
    assert "-I -m pip install" in arguments(made, "packages")
    assert {step.program for step in steps(made)[1:]} == {str(made.python)}


def test_where_pip_or_uv_is_set_to_look_is_used_for_pytorch_too_when_that_is_wanted(tmp_path):
    for tool, command in ((PIP, "-m pip install"), (UV, "pip install")):
        made = plan(tmp_path, tool, index=SETTINGS)
        assert [step.name for step in steps(made)] == ["environment", "torch", "packages", "check"]
        assert command in arguments(made, "torch") and arguments(made, "torch").endswith("constraints.txt torch")


def test_an_index_is_for_pytorch_alone(tmp_path):
    for tool in (PIP, UV):
        made = plan(tmp_path, tool, index="https://user:pw@example.org/cpu")
        assert "--no-deps --index-url https://user:pw@example.org/cpu torch" in arguments(made, "torch")
        assert "example.org" not in arguments(made, "packages") and "torch-backend" not in arguments(made, "torch")


def test_no_step_names_an_index_by_itself_and_every_package_is_held_to_tested_versions(tmp_path):
    for tool in (PIP, UV):
        for step in steps(plan(tmp_path, tool)):
            text = " ".join(step.arguments)
            assert "://" not in text and "extra-index" not in text
            assert "pip install" not in text or "--constraint" in text or step.name == "pip"


def test_an_old_pip_is_brought_up_to_date_with_the_certificates_of_the_system(tmp_path):
    old = Tool("python", "/usr/bin/python3", (3, 11, 2), (23, 3))
    made = plan(tmp_path, old, index=SETTINGS)
    assert [step.name for step in steps(made)] == ["environment", "pip", "torch", "packages", "check"]
    assert "--use-feature truststore" in arguments(made, "pip") and "progress-bar off" in arguments(made, "pip")
    assert "--progress-bar raw" in arguments(made, "torch")


def test_a_bundle_needs_neither_a_network_nor_a_newer_pip(tmp_path):
    bundle = wheels.bundle(tmp_path / "bundle")
    for tool in (Tool("python", "/usr/bin/python3", (3, 11, 2), (23, 0)), UV):
        made = plan(tmp_path, tool, bundle=bundle, index="https://example.org")
        assert [step.name for step in steps(made)] == ["environment", "bundle", "torch", "packages", "check"]
        for name in ("torch", "packages"):
            assert f"--no-index --find-links {bundle.wheels}" in arguments(made, name)
            assert "example.org" not in arguments(made, name)
        assert made.needs_bytes[0] == 0


def test_another_plan_grows_in_another_environment_and_never_in_the_one_that_is_used(tmp_path):
    one = plan(tmp_path)
    assert one.environment == plan(tmp_path).environment
    others = [plan(tmp_path, UV), plan(tmp_path, build="cuda"), plan(tmp_path, replaces=one.environment.name)]
    assert one.environment not in [other.environment for other in others]


def test_on_linux_the_usual_index_is_expected_to_bring_the_large_build(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for tool in (PIP, UV):
        assert plan(tmp_path, tool, index=SETTINGS).likely_build == "cuda"
        assert plan(tmp_path, tool, "rocm", index=SETTINGS).likely_build == "cuda"
        assert (
            plan(tmp_path, tool).likely_build == "cpu" == plan(tmp_path, tool, index="https://example.org").likely_build
        )
    monkeypatch.setattr(sys, "platform", "win32")
    assert plan(tmp_path, index=SETTINGS).likely_build == "cpu"


@pytest.mark.parametrize(
    ("kind", "name", "text", "known"),
    [
        ("python", "pip/pip.conf", "[global]\nindex-url = https://mirror.example/simple\n", True),
        ("python", "pip/pip.conf", "[install]\nfind-links=/wheels\n", True),
        ("python", "pip/pip.conf", "[global]\ncert = /ca.pem\n# index-url = https://mirror.example\n", False),
        ("python", "uv/uv.toml", 'index-url = "https://mirror.example"\n', False),
        ("uv", "uv/uv.toml", 'index-url = "https://mirror.example"\n', True),
        ("uv", "uv/uv.toml", '[[index]]\nurl = "https://mirror.example"\n', True),
        ("uv", "uv/uv.toml", "native-tls = true\n", False),
    ],
)
def test_a_mirror_in_the_settings_of_pip_or_uv_is_noticed(kind, name, text, known, tmp_path, monkeypatch):
    monkeypatch.setattr(install_tools, "SYSTEM", tmp_path / "etc")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert not knows_an_index(kind, {"XDG_CONFIG_DIRS": str(tmp_path)})
    (tmp_path / ".config" / name).parent.mkdir(parents=True)
    (tmp_path / ".config" / name).write_text(text)
    assert knows_an_index(kind, {"XDG_CONFIG_DIRS": str(tmp_path)}) == known


def test_a_mirror_in_the_environment_is_noticed(tmp_path):
    assert knows_an_index("python", {"PIP_INDEX_URL": "https://mirror.example", "PIP_CONFIG_FILE": os.devnull})
    assert knows_an_index("uv", {"UV_FIND_LINKS": "/wheels", "UV_CONFIG_FILE": os.devnull})
    assert not knows_an_index("uv", {"PIP_INDEX_URL": "https://mirror.example", "UV_CONFIG_FILE": os.devnull})
    assert not knows_an_index("python", {"PIP_CONFIG_FILE": str(tmp_path)})  # cannot be read as a file
    (tmp_path / "pip.conf").write_text("[global]\nextra-index-url: https://mirror.example\n")
    assert knows_an_index("python", {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})


def test_a_gpu_that_was_wanted_and_is_not_found_is_told(tmp_path):
    wanted = plan(tmp_path, UV, "cuda")
    assert "finds no GPU; it runs on cpu" in wrong_build(wanted, {"device": "cpu"})
    assert wrong_build(wanted, {"device": "cuda:0"}) == "" == wrong_build(plan(tmp_path), {"device": "cpu"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("disk", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
        ("disk", "error: Failed to write to the distribution cache\n  cause: No space left on device (os error 28)"),
        ("disk", "OSError: [WinError 112] There is not enough space on the disk"),
        (
            "tls",
            "WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
            "CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain\n"
            "ERROR: Could not find a version that satisfies the requirement torch (from versions: none)\n"
            "ERROR: No matching distribution found for torch",
        ),
        ("tls", "cause: client error (Connect)\n  cause: invalid peer certificate: UnknownIssuer"),
        ("proxy", "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))"),
        ("permission", "error: [Errno 13] Permission denied: '/opt/x'"),
        ("permission", "OSError: [WinError 1260] This program is blocked by group policy"),
        ("refused", "ERROR: HTTP error 403 while getting x\nERROR: 403 Client Error: Forbidden for url: y"),
        ("refused", "HTTP status client error (401 Unauthorized) for url (x)"),
        ("network", "cause: dns error\n  cause: failed to lookup address information: Name or service not known"),
        ("timeout", "pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out."),
        ("damaged", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
        ("damaged", "torch-2.13.0-py3-none-any.whl is damaged: it is missing. Copy the bundle anew."),
        (
            "wheel",
            "x No solution found when resolving dependencies:\n  Because torch was not found in the package registry",
        ),
        ("conflict", "ERROR: ResolutionImpossible: for help visit ..."),
        ("venv", "The virtual environment was not created successfully because ensurepip is not available."),
        ("python", "error: No interpreter found for Python >=3.11, <3.15 in managed installations or search path"),
        ("library", 'OSError: [WinError 1114] A DLL initialization routine failed. Error loading "c10.dll"'),
        ("memory", "MemoryError"),
        ("unknown", "something else"),
    ],
)
def test_last_words_have_a_name_and_a_next_step(name, said):
    problem = classify(said)
    assert problem.name == name
    assert problem.advice and problem.said == said


def test_a_wheel_that_is_missing_is_named():
    problem = classify("ERROR: No matching distribution found for torch==2.13.0")
    assert problem.name == "wheel" and "torch==2.13.0" in problem.what


def test_a_killed_program_is_told_as_such_unless_it_said_why():
    assert classify("Collecting torch", killed=True).name == "killed"
    assert classify("MemoryError", killed=True).name == "memory"


def test_every_kind_says_what_happened_and_what_to_do():
    assert all(what.endswith(".") and "Try again" in advice for _, _, what, advice in KINDS)


@pytest.mark.parametrize(
    ("name", "options", "environment"),
    [
        ("network", ["--index-url", "http://127.0.0.1:9/simple"], {}),
        ("proxy", ["--index-url", "https://example.invalid/simple"], {"HTTPS_PROXY": "http://127.0.0.1:9"}),
        ("wheel", ["--no-index"], {}),
    ],
)
def test_what_a_real_pip_says_is_understood(name, options, environment, tmp_path):
    command = [
        sys.executable,
        "-I",
        "-m",
        "pip",
        "download",
        "--retries",
        "1",
        "--no-deps",
        "-d",
        str(tmp_path),
        *options,
    ]
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(("PIP_", "HTTP", "NO_PROXY"))}
    alone = {**kept, "PIP_CONFIG_FILE": os.devnull, **environment}
    done = subprocess.run([*command, "torch"], capture_output=True, text=True, env=alone)
    assert done.returncode != 0
    assert classify(done.stdout + done.stderr).name == name, done.stderr


def test_versions_are_read_from_what_programs_say():
    assert numbers("0.13.9 (x86_64-unknown-linux-gnu)") == (0, 13, 9)
    assert numbers("24.1b1") == (24,) and numbers("") == ()


def test_a_bundle_is_checked_byte_by_byte(tmp_path):
    bundle = wheels.bundle(tmp_path / "bundle")
    heard = []
    offline_bundle.check(offline_bundle.read(bundle.folder), lambda done, total: heard.append((done, total)))
    assert heard[-1] == (bundle.size, bundle.size)
    victim = bundle.wheels / "torch-2.13.0-py3-none-any.whl"
    data = victim.read_bytes()
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(offline_bundle.BundleError, match=r"torch-.* is damaged"):
        offline_bundle.check(bundle, lambda *_: None)
    victim.unlink()
    with pytest.raises(offline_bundle.BundleError, match=r"torch-.* is damaged: it is missing"):
        offline_bundle.check(bundle, lambda *_: None)
    victim.write_bytes(data)
    (bundle.wheels / "stray.whl").touch()
    with pytest.raises(offline_bundle.BundleError, match=r"stray.whl is damaged: it is in the folder"):
        offline_bundle.check(bundle, lambda *_: None)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "files": {"../x": {"bytes": 1, "sha256": ""}}}']
)
def test_a_folder_that_is_no_bundle_is_refused_in_words(text, tmp_path):
    with pytest.raises(offline_bundle.BundleError, match=r"bundle"):
        offline_bundle.read(tmp_path)
    (tmp_path / offline_bundle.MANIFEST).write_text(text)
    with pytest.raises(offline_bundle.BundleError):
        offline_bundle.read(tmp_path)


def test_the_plugin_names_no_package_index():
    folder = Path(install_plan.__file__).parent
    hosts = ("pypi" + ".org", "pytorch" + ".org", "pythonhosted" + ".org")
    for path in folder.rglob("*.py"):
        assert not [host for host in hosts if host in path.read_text("utf-8")], path
