"""A real server on a real socket, in a thread of the test's process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import uvicorn

from geopix_backend import serve
from geopix_backend.config import ServeConfig
from geopix_backend.scheduler import Scheduler
from geopix_backend.server import create_app
from geopix_model.predictor import Predictor
from geopix_qgis import bodies
from geopix_qgis import protocol as wire

LIMIT_S = 30
CONFIG = ServeConfig(token="secret", heartbeat_s=0.2, max_body_bytes=200_000, waiting_limit=1)
HEADERS = {wire.AUTH_HEADER: "Bearer secret"}


class Running:
    """A server in a thread of this process.

    Attributes:
        listings: How often its models were listed.
    """

    def __init__(self, load: Callable[[str], Predictor], config: ServeConfig = CONFIG) -> None:
        self.scheduler = Scheduler(load, config.waiting_limit)
        self.listings = 0
        app = create_app(self.scheduler, config, self._models)
        listener = serve.bind(0)
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        self.port = listener.getsockname()[1]
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=HEADERS, timeout=LIMIT_S)

    def _models(self) -> list[Mapping[str, Any]]:
        self.listings += 1
        return [{"name": "nano"}, {"name": "slow"}]

    def ask(self, request: wire.AskRequest, pixels: bytes | None = None) -> list[wire.Event]:
        """All events of an answer."""
        content_type, body = bodies.encode_request(request, pixels)
        reply = self.http.post("/v1/ask", content=body, headers={"content-type": content_type})
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"].startswith("text/event-stream")
        return wire.Decoder().feed(reply.content)

    def close(self) -> None:
        self.http.close()
        self.scheduler.close()
        self._server.should_exit = True
        self._thread.join(LIMIT_S)
