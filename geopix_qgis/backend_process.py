"""The model process: finding its Python, starting it with a clean environment, knowing how it is.

It is a child of QGIS that serves on 127.0.0.1.  It says where on its standard output, one JSON line, and ends when its
standard input does, so that it never outlives a QGIS that was killed.  In its place a server elsewhere can be used.
"""

from __future__ import annotations

import enum
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional, Union

from . import credentials, protocol
from .endpoint import Endpoint
from .errors import BackendError
from .health import HealthCheck
from .process_home import installed, process_home, python_of
from .qt import QtCore, Signal
from .settings import Settings
from .shipped import plugin_version
from .translation import tr
from .vitals import Health

NOWHERE = Endpoint(0, "")
START_LIMIT_MS = 120_000
STDERR_TAIL_CHARS = 4000
CHATTER = ("INFO", "DEBUG")  # how lines of its log begin that explain nothing

# Everything else stays behind: PROJ_*, PYTHON* and GDAL_* of QGIS break the pyproj, numpy and rasterio of the model
# process, and qtpy leaves a QT_API.
ANYWHERE = {"PATH", "LANG", "LANGUAGE", "TZ", "TMP", "TEMP", "TMPDIR", "OMP_NUM_THREADS"}
NETWORK = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}  # to fetch models
UNIX = {"HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"}
WINDOWS = {"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"}
KEPT_NAMES = ANYWHERE | NETWORK | UNIX | WINDOWS
KEPT_PREFIXES = ("LC_", "CUDA_", "HF_", "NVIDIA_", "GEOPIX_")


class State(enum.Enum):
    """How the model process is; the value is the word shown to the analyst."""

    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    ERROR = "error"


def find_python(configured: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The Python that holds the model.

    The setting, else ``GEOPIX_BACKEND_PYTHON``, else what the plugin has installed, else ``.venv`` beside the plugin.

    Raises:
        BackendError: If there is none, the one that was named does not exist, or what is installed is of another
            version.
    """
    for source, named in (
        (tr("the settings"), configured),
        ("GEOPIX_BACKEND_PYTHON", environ.get("GEOPIX_BACKEND_PYTHON")),
    ):
        if named and not Path(named).is_file():
            raise BackendError(
                tr(
                    "The Python named by {source} does not exist: {named}. Choose another one.",
                    source=source,
                    named=named,
                )
            )
        if named:
            return Path(named)
    home = process_home(environ)
    found = installed(home)
    if found is not None and found.version != plugin_version():
        raise BackendError(
            tr(
                "The installed model process is of version {version}, this plugin of version "
                "{plugin_version}. Press Set up... to install the one that belongs to it; the old one "
                "is then removed.",
                version=found.version,
                plugin_version=plugin_version(),
            )
        )
    if found is not None:
        return python_of(home / found.folder)
    # A development install is a symbolic link to the repository, so look beside the real folder.
    beside = python_of(Path(__file__).resolve().parent.parent / ".venv")
    if beside.is_file():
        return beside
    raise BackendError(
        tr(
            "The model runs in a process of its own, which is not installed yet. Press Set up... in the dock of "
            "GeoPix: it says what it will do, and asks first."
        )
    )


def target_of(choices: Settings) -> Union[Path, Endpoint]:
    """What the settings name: the Python of a process of this machine, or a server with its token.

    Raises:
        BackendError: If there is no such Python, or the token cannot be read.
    """
    if choices.server_url:
        return Endpoint(0, credentials.recall(choices.server_url), choices.server_url)
    return find_python(choices.backend_python)


def target_if_known(choices: Settings) -> Union[Path, Endpoint, None]:
    """As ``target_of``, and None where that fails or would ask for the master password of QGIS."""
    if choices.server_url and not credentials.unlocked():
        return None
    try:
        return target_of(choices)
    except BackendError:
        return None


def clean_environment(environ: Mapping[str, str], token: str) -> dict[str, str]:
    """What the model process sees of the environment of QGIS, and the token that clients must send."""
    kept = {n: v for n, v in environ.items() if n.upper() in KEPT_NAMES or n.upper().startswith(KEPT_PREFIXES)}
    return {**kept, "GEOPIX_TOKEN": token, "PYTHONUNBUFFERED": "1"}


class BackendProcess(QtCore.QObject):
    """One child process, or a server in its place.

    Signals: ``state_changed(State)``, ``ready(Endpoint)``, ``failed(str)``, and ``wrote()`` when ``stderr_tail`` grew.
    """

    state_changed = Signal(object)
    wrote = Signal()
    ready = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.state = State.OFF
        self.endpoint: Optional[Endpoint] = None
        self.message = ""
        self._out = b""
        self._err = ""
        self._process: Optional[QtCore.QProcess] = None
        self._check = HealthCheck(self)
        self._check.well.connect(self._server_is_well)
        self._check.failed.connect(self._fail)
        self._server = NOWHERE
        self._limit = QtCore.QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.setInterval(START_LIMIT_MS)
        self._limit.timeout.connect(self._took_too_long)

    def reach(self, target: Union[Path, Endpoint], device: str) -> None:
        """Starts a process with a Python, or uses a server, see ``target_of``; ``ready`` or ``failed`` follows."""
        self.leave_unless(target)
        if isinstance(target, Endpoint):
            self.connect_to(target)
        else:
            self.start(target, device)

    def leave_unless(self, target: Union[Path, Endpoint]) -> None:
        """Ends what runs if it is not where this is: another window may have changed the settings meanwhile."""
        if self.running and self._server != (target if isinstance(target, Endpoint) else NOWHERE):
            self.stop()

    def connect_to(self, server: Endpoint) -> None:
        """Uses a server elsewhere; ``ready`` or ``failed`` follows.  Does nothing where one already runs or starts."""
        if self.running:
            return
        self._end()
        self._err, self._server = "", server
        self._set(State.STARTING)
        self._check.start(server)

    def start(self, python: Path, device: str = "auto") -> None:
        """Starts the process; ``ready`` or ``failed`` follows.  Does nothing where it already runs or starts."""
        if self.running:
            return
        self._out, self._err, self.endpoint, self._server = b"", "", None, NOWHERE
        process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment()
        for name, value in clean_environment(os.environ, secrets.token_urlsafe(24)).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read_out)
        process.readyReadStandardError.connect(self._read_err)
        process.errorOccurred.connect(self._error_occurred)
        process.finished.connect(self._finished)
        self._process = process
        self._set(State.STARTING)
        self._limit.start()
        arguments = ["-I", "-m", "geopix_backend.cli", "serve", "--port", "0", "--parent-stdin", "--device", device]
        process.start(str(python), arguments)

    def stop(self) -> None:
        """Ends the process and waits for it, at most about two seconds."""
        self._end()
        self._set(State.OFF)

    def lost(self, message: str) -> None:
        """Notes that a server has gone: the next question asks for it anew.  Says nothing of a process of this machine,
        which says so itself."""
        if self.endpoint is not None and self.endpoint.remote:
            self._fail(message)

    @property
    def server(self) -> str:
        """Address of the server that is used, "" for a process of this machine."""
        return self.endpoint.url if self.endpoint is not None else ""

    @property
    def running(self) -> bool:
        """Whether it runs, or is on its way."""
        return self.state in (State.STARTING, State.READY, State.BUSY)

    def set_busy(self, busy: bool) -> None:
        """Marks a ready process as answering, or as ready again."""
        if self.state in (State.READY, State.BUSY):
            self._set(State.BUSY if busy else State.READY)

    @property
    def stderr_tail(self) -> str:
        """The last things that the process said on its standard error."""
        return self._err

    def _end(self) -> None:
        self._limit.stop()
        self._check.cancel()
        process, self._process, self.endpoint = self._process, None, None
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()  # end of its standard input: it ends by itself, on every platform
            if process.state() != QtCore.QProcess.ProcessState.NotRunning and not process.waitForFinished(1500):
                process.kill()
                process.waitForFinished(1000)
            process.deleteLater()

    def _set(self, state: State, message: str = "") -> None:
        self.message = message
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    def _fail(self, message: str) -> None:
        self._end()
        self._set(State.ERROR, message)
        self.failed.emit(message)

    def _read_out(self) -> None:
        if self._process is None:
            return
        self._out += bytes(self._process.readAllStandardOutput())
        *lines, self._out = self._out.split(b"\n")  # a print may arrive in two pieces: whole lines only
        for line in lines:
            said = _json_object(line)
            if said.get("event") == "ready" and self.state is State.STARTING:
                self._became_ready(said)

    def _became_ready(self, said: dict[str, Any]) -> None:
        if said.get("protocol") != protocol.VERSION:
            self._fail(
                tr(
                    "The model process speaks version {found} of the protocol and this plugin version "
                    "{version}. Install the same release of both.",
                    found=said.get("protocol"),
                    version=protocol.VERSION,
                )
            )
            return
        self._limit.stop()
        self.endpoint = Endpoint(int(said["port"]), str(said["token"]))
        self._set(State.READY)
        self.ready.emit(self.endpoint)

    def _server_is_well(self, _health: Health) -> None:
        self.endpoint = self._server
        self._set(State.READY)
        self.ready.emit(self._server)

    def _read_err(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError()).decode("utf-8", "replace")
            self._err = (self._err + text)[-STDERR_TAIL_CHARS:]
            self.wrote.emit()

    def _error_occurred(self, error: Any) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart and self._process is not None:
            program = self._process.program()
            self._fail(
                tr(
                    "The model process did not start: {program} is not a program that runs. Choose another Python.",
                    program=program,
                )
            )

    def _finished(self, code: int, status: Any) -> None:
        self._read_err()
        if status == QtCore.QProcess.ExitStatus.CrashExit:  # it had no time to say why
            why = tr("it crashed or was killed, perhaps because the memory was full. Ask again to restart it")
        else:
            said = [line for line in self._err.splitlines() if line.strip() and not line.startswith(CHATTER)]
            why = said[-1].strip().rstrip(".") if said else tr("it did not say why. Ask again to restart it")
        self._fail(tr("The model process ended unexpectedly (code {code}): {why}.", code=code, why=why))

    def _took_too_long(self) -> None:
        self._fail(
            tr(
                "The model process was not ready within {start_limit_ms} s. Ask again to restart it.",
                start_limit_ms=START_LIMIT_MS // 1000,
            )
        )


def _json_object(line: bytes) -> dict[str, Any]:
    """A line as a JSON object; empty for anything else that a library may print."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
