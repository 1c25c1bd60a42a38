"""Where a model process listens, on this machine or elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import BackendError
from .translation import tr


@dataclass(frozen=True)
class Endpoint:
    """A model process that answers.

    Attributes:
        port: On 127.0.0.1; 0 for a server elsewhere.
        token: What it wants to be sent.
        url: Of a server elsewhere, without a slash at its end; "" for this machine.
    """

    port: int
    token: str = field(repr=False)
    url: str = ""

    @property
    def address(self) -> str:
        """What paths are appended to."""
        return self.url or f"http://127.0.0.1:{self.port}"

    @property
    def remote(self) -> bool:
        """Whether it is a server that cannot see this machine's files."""
        return bool(self.url)

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return not self.remote or self.url.startswith("https://")


def server_url(typed: str) -> str:
    """The address of a server as it was typed, tidied up: "box:8000" is "http://box:8000".

    Raises:
        BackendError: If it is no address.
    """
    text = typed.strip()
    text = (text if "://" in text else f"http://{text}").rstrip("/")
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or parts.username or parts.query or parts.fragment:
        raise BackendError(tr("{typed!r} is no address of a server. Type it like https://gpu-box:8443.", typed=typed))
    return text
