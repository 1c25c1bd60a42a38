"""How a hub is asked: address, token, and its refusals in our words.

The requests themselves are those of ``huggingface_hub`` (proxies, certificates of the system, redirects without the
token).  Its own downloads are not used: a partial file of theirs is deleted when the process ends, and the bytes that
came are not compared with the published hash.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from .. import __version__
from .errors import InstallError, NotOnHubError, RefusedError, UnreachableError

ENDPOINT = "https://huggingface.co"
T = TypeVar("T")


@dataclass(frozen=True)
class Hub:
    """A hub.

    Attributes:
        endpoint: Its address, without a "/" at the end.
        token: Sent to it and to nobody else; "" sends none.  A token that ``huggingface_hub`` has stored is not used.
    """

    endpoint: str = ENDPOINT
    token: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        return {"user-agent": f"geopix/{__version__}"}

    @classmethod
    def from_environment(cls, endpoint: str = "", environ: Mapping[str, str] = os.environ) -> Hub:
        """The hub of ``HF_ENDPOINT`` and ``HF_TOKEN``, unless ``endpoint`` names another."""
        address = endpoint.strip() or environ.get("HF_ENDPOINT", "").strip() or ENDPOINT
        if not address.startswith(("http://", "https://")):
            raise NotOnHubError(f"the endpoint is {address!r}, expected a web address such as {ENDPOINT}")
        return cls(address.rstrip("/"), environ.get("HF_TOKEN", "").strip())


@dataclass(frozen=True)
class Patience:
    """How long a bad connection is borne.

    Attributes:
        tries: Attempts in a row that bring no byte before it is given up.
        first_wait_s: Wait after the first of them; each further wait is twice as long, up to ``longest_wait_s``.
        silence_s: A connection that is silent for so long counts as broken.
    """

    tries: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    silence_s: float = 30.0

    def wait_s(self, failures: int) -> float:
        """The wait after that many attempts in a row without a byte."""
        return min(self.first_wait_s * 2.0 ** (failures - 1), self.longest_wait_s)

    def persist(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, tried again while the hub does not answer; the last error where it never does."""
        for failures in range(1, self.tries):
            try:
                return work()
            except UnreachableError:
                time.sleep(self.wait_s(failures))
        return work()


@contextmanager
def asking(what: str, hub: Hub) -> Iterator[None]:
    """Turns the errors of a request into ours.

    Raises:
        InstallError: Of the kind that fits.
    """
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled
    from huggingface_hub.utils import HfHubHTTPError, httpx

    try:
        yield
    except HfHubHTTPError as error:
        raise _refusal(error.response.status_code, what, hub) from error
    except OfflineModeIsEnabled as error:
        raise InstallError("HF_HUB_OFFLINE is set, so nothing is downloaded; unset it, or import a folder.") from error
    except (HFValidationError, httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
        raise NotOnHubError(f"{hub.endpoint} cannot be asked for {what} ({error}).") from error
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"{hub.endpoint} does not answer ({str(error) or type(error).__name__}); check the connection and the "
            "proxy (HTTPS_PROXY), name a mirror with --endpoint, or import a folder from another computer."
        ) from error


def _refusal(status: int, what: str, hub: Hub) -> InstallError:
    said = f"{hub.endpoint} answers {status} for {what}"
    if status in (401, 403):
        how = "the token in HF_TOKEN has no access to it" if hub.token else "set HF_TOKEN if it is not public"
        return RefusedError(f"{said}: {how}. A hub also says so of repositories that do not exist.")
    if status == 404:
        return NotOnHubError(f"{said}: there is no such repository, revision or file.")
    return UnreachableError(f"{said}; try again later.")
