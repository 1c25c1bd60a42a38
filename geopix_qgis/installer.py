"""Carries out a plan: one program after the other, with progress, log, cancel, and going on where it stopped."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Optional

from qgis.core import QgsNetworkAccessManager

from .backend_process import clean_environment
from .errors import PluginError
from .install_plan import GB, Plan, Step, steps, wrong_build
from .install_problems import AGAIN, Problem, classify
from .process_home import (
    BEGUN,
    LOCK,
    LOG,
    Installed,
    environments,
    free_bytes,
    installed,
    make_home,
    read_json,
    switch_to,
)
from .qt import QtCore, QtNetwork, Signal
from .redaction import without_secrets
from .translation import tr
from .whole_file import write_text

KEPT_CHARS = 200_000  # of what a step says
PROGRESS = re.compile(r"^Progress (\d+) of (\d+)$")
TELLING = re.compile(r"^(?:Collecting|Downloading|Installing|Building|Resolved|Prepared|Installed|Using|Creating)\b.*")
# Beyond what the model process sees: settings of pip and uv, and certificates.
KEPT_NAMES = {"XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "PROGRAMDATA"}
KEPT_PREFIXES = ("PIP_", "UV_")


class Installer(QtCore.QObject):
    """Installs the model process.

    Signals: ``step_began(int)``, ``progress(done, total, text)`` with total 0 where nobody knows, ``said(str)`` a line
    of the log; then exactly one of ``finished()``, ``failed(Problem)`` and ``cancelled()``.
    """

    step_began = Signal(int)
    progress = Signal(float, float, str)
    said = Signal(str)
    finished = Signal()
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, plan: Plan, parent: Optional[QtCore.QObject] = None) -> None:
        super().__init__(parent)
        self.plan, self.steps = plan, steps(plan)
        self._number = -1
        self._output, self._line = "", ""
        self._process: Optional[QtCore.QProcess] = None
        self._stopping = False
        self._lock = QtCore.QLockFile(str(plan.home / LOCK))
        self._lock.setStaleLockTime(0)  # stale is the lock of a process that is gone, however old
        self._log = plan.home / LOG

    @property
    def active(self) -> bool:
        """Whether it is under way."""
        return self._number >= 0

    @property
    def done_before(self) -> list[str]:
        """Names of steps that an earlier try has finished."""
        begun = read_json(self.plan.home / BEGUN)
        if begun.get("key") != self.plan.key or not self.plan.python.is_file():
            return []
        return [step.name for step in self.steps if step.name in begun.get("done", [])]

    def start(self) -> None:
        """Begins, or goes on; a signal follows."""
        self._stopping = False
        try:
            make_home(self.plan.home)
        except PluginError as error:
            advice = tr(
                "Choose another folder in the environment variable GEOPIX_HOME, restart QGIS, {again}", again=AGAIN
            )
            self._fail(Problem("permission", str(error), advice))
            return
        lacking = self._make_room()
        if lacking is not None:
            self._fail(lacking)
            return
        if not self._lock.tryLock(0):
            advice = tr("Wait until it is done, or close the other QGIS, then press Try again.")
            self._fail(Problem("locked", tr("Another QGIS is installing the model process."), advice))
            return
        self._number = -1
        self._next()

    def cancel(self) -> None:
        """Stops the program that runs; finished steps are kept.  ``cancelled`` follows."""
        if not self.active:
            return
        self._stopping = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Ends without a signal."""
        self.blockSignals(True)
        self.cancel()
        if self._process is not None:
            self._process.waitForFinished(2000)

    def _make_room(self) -> Optional[Problem]:
        """Looks at the disk, once what an earlier try with another plan has left is gone."""
        current = installed(self.plan.home)
        keep = {self.plan.environment.name, current.folder if current else ""}
        for old in environments(self.plan.home):
            if old.name not in keep:
                shutil.rmtree(old, ignore_errors=True)
        free, (_, needed) = free_bytes(self.plan.home), self.plan.needs_bytes
        if "torch" in self.done_before or free >= needed:
            return None
        what = tr(
            "The disk has {free:.1f} GB of space left, and about {needed:.1f} GB are needed.",
            free=free / GB,
            needed=needed / GB,
        )
        advice = tr("Make room, or name a folder on another disk in GEOPIX_HOME and restart QGIS, {again}", again=AGAIN)
        return Problem("disk", what, advice)

    def _next(self) -> None:
        self._number += 1
        while self._number < len(self.steps) and self.steps[self._number].name in self.done_before:
            self.step_began.emit(self._number)
            self._say(tr("{title}: done before.", title=self.steps[self._number].title))
            self._number += 1
        if self._number == len(self.steps):
            self._switch()
        elif self._stopping:
            self._end(self.cancelled)
        else:
            self._run(self.steps[self._number])

    def _run(self, step: Step) -> None:
        if step.name == "environment":
            shutil.rmtree(self.plan.environment, ignore_errors=True)
        self._output, self._line = "", ""
        self.step_began.emit(self._number)
        self.progress.emit(0, 0, "")
        shown = without_secrets(" ".join((step.program, *step.arguments)))
        self._say(f"[{datetime.now():%Y-%m-%d %H:%M:%S}] {step.title}: {shown}")
        process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment()
        for name, value in install_environment(os.environ, str(self._temporary())).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.errorOccurred.connect(self._did_not_start)
        process.finished.connect(self._step_ended)
        self._process = process
        process.start(step.program, list(step.arguments))
        process.closeWriteChannel()  # nobody answers questions such as for a password

    def _temporary(self) -> Any:
        """pip unpacks gigabytes, and the system's folder for such things is often small."""
        folder = self.plan.home / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def _read(self) -> None:
        if self._process is None:
            return
        text = bytes(self._process.readAllStandardOutput()).decode("utf-8", "replace").replace("\r\n", "\n")
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._take(line.rstrip())

    def _take(self, line: str) -> None:
        moved = PROGRESS.match(line)
        if moved:
            done, total = map(float, moved.groups())
            self.progress.emit(
                done,
                total,
                tr("{done:,.0f} of {total:,.0f} MB", done=done / 1e6, total=total / 1e6) if total else "",
            )
        elif line.strip():
            self._output = (self._output + line + "\n")[-KEPT_CHARS:]
            self._say(line)
            if TELLING.match(line.strip()):
                self.progress.emit(0, 0, _short(line.strip()))

    def _did_not_start(self, error: Any) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart and self._process is not None:
            program, why = self._process.program(), self._process.errorString()
            self._process = None
            if self._stopping:
                self._end(self.cancelled)
                return
            advice = tr("Choose another one, {again}", again=AGAIN)
            self._fail(Problem("program", tr("{program} did not start: {why}.", program=program, why=why), advice))

    def _step_ended(self, code: int, status: Any) -> None:
        self._read()
        self._take(self._line)
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        step = self.steps[self._number]
        killed = status == QtCore.QProcess.ExitStatus.CrashExit
        if self._stopping:
            self._end(self.cancelled)
        elif code or killed:
            self._fail(classify(without_secrets(self._output), killed=killed or code in (137, 247)))
        else:
            problem = self._judge(step)
            if problem is not None:
                self._fail(problem)
                return
            self._go_on(step)

    def _go_on(self, step: Step) -> None:
        try:
            self._note([*self.done_before, step.name])
        except PluginError as error:
            self._fail(classify(str(error)))
            return
        QtCore.QTimer.singleShot(0, self._next)

    def _judge(self, step: Step) -> Optional[Problem]:
        """What a program did not notice itself."""
        if step.name != "check":
            return None
        facts = _last_object(self._output)
        what = wrong_build(self.plan, facts)
        if not what:
            self._say(tr("It runs on {device} ({name}).", device=facts.get("device"), name=facts.get("device_name")))
            return None
        advice = tr(
            "Update the GPU's driver; or go Back and let PyTorch come from its own index, which has a build for "
            "each driver; or choose the CPU build, {again}",
            again=AGAIN,
        )
        return Problem("gpu", what, advice, self._output.strip()[-600:])

    def _switch(self) -> None:
        try:
            switch_to(self.plan.home, Installed(self.plan.environment.name, self.plan.version, self.plan.build))
            self._note(None)
        except PluginError as error:
            self._fail(classify(str(error)))
            return
        shutil.rmtree(self.plan.home / "tmp", ignore_errors=True)
        self._say("Done.")
        self._end(self.finished)

    def _note(self, done: Optional[list[str]]) -> None:
        """Writes down which steps are done, so that the next try goes on from there; None forgets it."""
        path = self.plan.home / BEGUN
        if done is None:
            path.unlink(missing_ok=True)
        else:
            write_text(path, json.dumps({"key": self.plan.key, "done": done}))

    def _say(self, line: str) -> None:
        text = without_secrets(line)
        try:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(text + "\n")
        except OSError as error:  # the disk is full: the step itself will say so
            text += tr(" (not in the log: {strerror})", strerror=error.strerror)
        self.said.emit(text)

    def _fail(self, problem: Problem) -> None:
        self._end(self.failed, problem)

    def _end(self, signal: Any, *values: Any) -> None:
        self._number = -1
        self._lock.unlock()
        signal.emit(*values)


def install_environment(environ: Mapping[str, str], temporary: str) -> dict[str, str]:
    """What pip and uv see: nothing of QGIS's Python, the user's own settings, and the proxy that QGIS uses."""
    kept = {n: v for n, v in environ.items() if n.upper() in KEPT_NAMES or n.upper().startswith(KEPT_PREFIXES)}
    kept.update(clean_environment(environ, ""))
    del kept["GEOPIX_TOKEN"]
    proxy = _proxy_of_qgis()
    if proxy and not {name.upper() for name in kept} & {"HTTPS_PROXY", "ALL_PROXY"}:
        kept.update(HTTPS_PROXY=proxy, HTTP_PROXY=proxy)
    system_certificates = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}  # new and old name
    return {**system_certificates, **kept, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary, "NO_COLOR": "1"}


def _proxy_of_qgis() -> str:
    """As an address, "" where QGIS goes without one."""
    proxy = QgsNetworkAccessManager.instance().fallbackProxy()
    if proxy.type() != QtNetwork.QNetworkProxy.ProxyType.HttpProxy or not proxy.hostName():
        return ""
    address = QtCore.QUrl()
    address.setScheme("http")
    address.setHost(proxy.hostName())
    address.setPort(proxy.port())
    address.setUserName(proxy.user())
    address.setPassword(proxy.password())
    return bytes(address.toEncoded()).decode()


def _last_object(text: str) -> dict[str, Any]:
    """The last line that is a JSON object; empty where there is none."""
    for line in reversed(text.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}


def _short(line: str) -> str:
    """A line for below a progress bar: without paths and long lists."""
    return line if len(line) <= 80 else f"{line[:77]}..."
