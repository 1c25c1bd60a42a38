"""``geopix serve``: the model process that QGIS talks to.

Standard output carries one line of JSON, which says where the process listens; everything else goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TextIO

import uvicorn

from geopix_qgis.protocol import VERSION

from .config import LOCAL_HOST, ServeConfig, serve_config
from .errors import PortError, ServeError
from .models import PRECISION_HELP, PRECISIONS, load, models
from .scheduler import Scheduler
from .server import create_app

LOG = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--host", default=LOCAL_HOST, metavar="ADDRESS", help="listen there; needs a token of your own")
    parser.add_argument("--port", type=_port, default=0, help="0 (default) takes a free one")
    parser.add_argument("--model", default="nano", help="the default model (default nano)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:0 (default auto)")
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, metavar="FORM", help=PRECISION_HELP)
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="holds the token (default: GEOPIX_TOKEN)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="for https, in PEM")
    parser.add_argument("--key", type=Path, metavar="FILE", help="of the certificate, in PEM")
    parser.add_argument("--parent-stdin", action="store_true", help="end when standard input ends")


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to end.

    Raises:
        PortError: If the port is taken.
        ServeError: If other computers could ask without a token, or https cannot be spoken.
    """
    config = serve_config(args)
    listener = bind(config.port, config.host)
    out = _keep_stdout_clean()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if not config.local and not config.certificate:
        LOG.warning("Plain http: everybody on the way can read pixels, questions and the token.")
    if config.parent_stdin:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    scheduler = Scheduler(lambda name: load(name, config.device, config.precision), config.waiting_limit)
    try:
        server = _Server(_uvicorn_config(scheduler, config), listener, config, out)
        server.run(sockets=[listener])
    finally:
        scheduler.close()
    return 0


def bind(port: int, host: str = LOCAL_HOST) -> socket.socket:
    """A socket that listens on ``port``, by default for this machine only; 0 takes a free one.

    Raises:
        PortError: If the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, because asyncio sends small packets at once (TCP_NODELAY) only on sockets that say they are TCP; else each
    # event waits up to 40 ms for the acknowledgement of the one before.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere the option lets two processes share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = error.strerror or str(error)
        raise PortError(
            f"Port {port} of {host} cannot be used ({why}); choose another, or 0 for a free one."
        ) from error
    return listener


class _Server(uvicorn.Server):
    """Announces itself once it answers."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, own: ServeConfig, out: TextIO) -> None:
        super().__init__(config)
        self._listener, self._own, self._out = listener, own, out

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then prints the one line; with the token only for the QGIS that has started this process."""
        await super().startup(sockets)
        port = self._listener.getsockname()[1]
        ready = {"event": "ready", "port": port, "protocol": VERSION}
        ready |= {"token": self._own.token} if self._own.local else {"host": self._own.host}
        print(json.dumps(ready), file=self._out, flush=True)


def _uvicorn_config(scheduler: Scheduler, config: ServeConfig) -> uvicorn.Config:
    app = create_app(scheduler, config, partial(models, config.device))
    made = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        ssl_certfile=config.certificate or None,
        ssl_keyfile=config.key or None,
    )
    try:
        made.load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ServeError(
            f"https cannot be spoken with {config.certificate} ({error}); give both files in PEM."
        ) from error
    return made


def _keep_stdout_clean() -> TextIO:
    """The real standard output; what any library prints from now on goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return out


def _end_with_parent() -> None:
    """Ends the process when its standard input does: then QGIS has closed, or was killed."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
