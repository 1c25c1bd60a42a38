"""Why an installation stopped, in words, with what to do next: read from what pip, uv or Python said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .translation import tr

TAIL_LINES = 12


@dataclass(frozen=True)
class Problem:
    """A failed step.

    Attributes:
        name: A short stable word.
        what: What happened, one sentence.
        advice: What to do next.
        said: The last words of the program, "" where it said nothing.
    """

    name: str
    what: str
    advice: str
    said: str = ""


AGAIN = tr("then press Try again: finished steps are kept.")
# The first that fits wins.  pip says "no matching distribution" also where it reached no index at all, so what went
# wrong on the way comes before it.
KINDS = (
    (
        "disk",
        r"No space left on device|Errno 28|os error 28|not enough space on the disk|WinError 112|os error 112"
        r"|[Dd]isk quota exceeded",
        tr("The disk is full."),
        tr("Make room, or name a folder on another disk in GEOPIX_HOME and restart QGIS, {again}", again=AGAIN),
    ),
    (
        "tls",
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|certificate verify failed|invalid peer certificate"
        r"|UnknownIssuer|self.signed certificate|SSLError",
        tr(
            "The certificate of the package index is not trusted; often a company's proxy looks into encrypted traffic."
        ),
        tr(
            "Ask your IT for the proxy's certificate and name its file in SSL_CERT_FILE (pip: also "
            "'pip config set global.cert FILE'), restart QGIS, {again} An offline bundle needs no "
            "network at all.",
            again=AGAIN,
        ),
    ),
    (
        "proxy",
        r"ProxyError|Tunnel connection failed|407 Proxy|Proxy Authentication Required|Cannot connect to proxy"
        r"|proxyconnect|tunnel error|error trying to connect: (?:unsuccessful tunnel|proxy)",
        tr("The proxy refused or did not answer."),
        tr("Check the proxy in Settings > Options > Network (or HTTPS_PROXY), {again}", again=AGAIN),
    ),
    (
        "permission",
        r"Permission denied|PermissionError|Errno 13\b|os error 13\b|Access is denied|WinError 5\b|os error 5\b"
        r"|blocked by (?:group policy|your administrator)|WinError 1260|Operation not permitted",
        tr("A file or folder may not be written, or a program may not be run."),
        tr(
            "Name a folder of your own in GEOPIX_HOME. Where a virus scanner or a company rule "
            "blocks programs in it, ask for an exception for that folder, {again}",
            again=AGAIN,
        ),
    ),
    (
        "refused",
        r"\b(?:401|403)\b.{0,40}(?:Client )?(?:Error|Unauthorized|Forbidden)|HTTP status client error \((?:401|403)"
        r"|status code (?:401|403)",
        tr("The package index refused access."),
        tr("Check its address, user and token in your pip or uv settings, {again}", again=AGAIN),
    ),
    (
        "network",
        r"NewConnectionError|Failed to establish a new connection|name resolution|Name or service not known"
        r"|getaddrinfo failed|nodename nor servname|Network is unreachable|No route to host|Connection refused"
        r"|dns error|failed to lookup address|error sending request|client error \(Connect\)|Connection reset"
        r"|ConnectionResetError|Could not connect|RemoteDisconnected|IncompleteRead",
        tr("The package index cannot be reached."),
        tr(
            "Check the connection, {again} Where PyTorch's own index cannot be reached, but a mirror can, go "
            "Back and let PyTorch come from where your pip or uv is set to look. Without a network use an "
            "offline bundle.",
            again=AGAIN,
        ),
    ),
    (
        "timeout",
        r"ReadTimeoutError|[Rr]ead timed out|ConnectTimeout|operation timed out|request timed out|TimeoutError",
        tr("The package index was too slow."),
        tr("Wait for a better connection, {again} What was fetched completely is not fetched again.", again=AGAIN),
    ),
    (
        "damaged",
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|BadZipFile|invalid wheel|[Ff]ailed to (?:read|extract|unpack)"
        r"|is damaged:",
        tr("A downloaded file is damaged."),
        tr(
            "Press Try again. If it repeats, copy the bundle anew, or empty pip's cache ('pip cache purge'), {again}",
            again=AGAIN,
        ),
    ),
    (
        "wheel",
        r"No matching distribution found for (?P<package>[\w.+=<>~!-]+)|Could not find a version that satisfies"
        r"|is not a supported wheel on this platform|[Ff]ailed (?:to build|building wheel)|no wheels? with a matching"
        r"|No solution found when resolving|was not found in the (?:package registry|provided package locations)",
        tr("A package has no file for this Python and system."),
        tr(
            "Choose another Python (3.12 has files for most systems) or another build of PyTorch; "
            "an own index or an offline bundle must hold it as well, {again}",
            again=AGAIN,
        ),
    ),
    (
        "conflict",
        r"ResolutionImpossible|conflicting dependencies|are incompatible",
        tr("Packages of the index contradict each other."),
        tr("Take settings such as extra indexes out of your pip or uv configuration, {again}", again=AGAIN),
    ),
    (
        "venv",
        r"ensurepip is not available|No module named (?:venv|ensurepip|pip)\b",
        tr("This Python cannot make environments."),
        tr("Install its venv (Debian and Ubuntu: python3-venv) or choose another Python, {again}", again=AGAIN),
    ),
    (
        "python",
        r"No interpreter found|No download found for request|No such file or directory.*python",
        tr("There is no suitable Python."),
        tr("Install Python 3.12 (64 bits), {again}", again=AGAIN),
    ),
    (
        "library",
        r"DLL load failed|WinError 1114|WinError 126|error while loading shared libraries|cannot open shared object"
        r"|GLIBC_|Illegal instruction",
        tr("PyTorch was installed and does not load on this system."),
        tr(
            "Windows: install Microsoft's Visual C++ runtime (x64). Linux: the system may be too "
            "old for this PyTorch. Or choose the CPU build, {again}",
            again=AGAIN,
        ),
    ),
    (
        "memory",
        r"MemoryError|Cannot allocate memory|Errno 12\b|os error 12\b",
        tr("The memory was full."),
        tr("Close other programs, {again}", again=AGAIN),
    ),
)
KILLED = tr("The program was killed; perhaps the memory was full, or a virus scanner ended it.")
UNKNOWN = tr("The step failed for a reason that is not known here.")


def classify(said: str, *, killed: bool = False) -> Problem:
    """The problem behind the output of a failed program.

    Args:
        said: All that it said.
        killed: Whether it ended by a signal.
    """
    tail = "\n".join(said.strip().splitlines()[-TAIL_LINES:])
    for name, pattern, what, advice in KINDS:
        match = re.search(pattern, said)
        if match:
            package = match.groupdict().get("package")
            return Problem(name, f"{what[:-1]}: {package}." if package else what, advice, tail)
    if killed:
        return Problem("killed", KILLED, tr("Close other programs, {again}", again=AGAIN), tail)
    return Problem(
        "unknown",
        UNKNOWN,
        tr("Read the log below, {again} Copy report has all that a question for help needs.", again=AGAIN),
        tail,
    )
