"""HTTP at the edge of the model process: bytes become types here, and events become bytes."""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import geopix_qgis.protocol as wire
from geopix_model import __version__
from geopix_model.errors import DeviceError, GeoPixError, UnknownModelError
from geopix_model.predictor import Predictor
from geopix_qgis import bodies
from geopix_qgis.vitals import Health

from . import outline, raster, tiles
from .config import ServeConfig
from .engine import Engine
from .errors import BusyError, RequestError, SharedError, TokenError, TooLargeError
from .event_stream import STREAM_TYPE, Events, EventStream
from .installing import Running, download
from .machine import Memory, hardware
from .plan import gsd_range_of, windows_of
from .question import Question
from .scheduler import Scheduler, Work
from .shared_pixels import open_shared

BAD_REQUEST = 400
STATUS: dict[type[GeoPixError], int] = {TokenError: 401, UnknownModelError: 404, TooLargeError: 413, BusyError: 429}
_REFUSAL = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": _REFUSAL}}}
    for status, text in {
        BAD_REQUEST: "The question, the raster or the extent cannot be used; `message` says why in one sentence.",
        401: "No token, or a wrong one.",
        404: "No model of that name.",
        413: "The request is too long.",
        429: "Too many questions wait already.",
    }.items()
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": f"Events: {', '.join(wire.EVENTS)}.", "content": {STREAM_TYPE: {"schema": {"type": "string"}}}}
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            wire.JSON_TYPE: {"schema": {"type": "object", "description": "geopix_qgis.protocol.AskRequest"}},
            bodies.SHARED_TYPE: {
                "schema": {"type": "object", "description": "request, geopix_qgis.bodies.SharedPixels"}
            },
            bodies.FRAME_TYPE: {
                "schema": {"type": "string", "format": "binary", "description": "length, JSON, pixels"}
            },
        },
    }
}


def create_app(scheduler: Scheduler, config: ServeConfig, models: Callable[[], list[Mapping[str, Any]]]) -> FastAPI:
    """The web application of the model process.

    Args:
        scheduler: Owns the model.
        config: Token and limits.
        models: Facts about the models that can be asked, each with its ``name``.
    """

    memory = tiles.LastTile()

    async def check_token(request: Request) -> None:  # not on a thread of its own, as FastAPI runs what is not async
        sent = request.headers.get(wire.AUTH_HEADER, "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {config.token}".encode()):
            raise TokenError(
                "The request carries no token or a wrong one; start the model process anew and use its token."
            )

    app = FastAPI(
        title="GeoPix", version=__version__, docs_url=None, redoc_url=None, dependencies=[Depends(check_token)]
    )

    @app.get("/health", responses={401: _REFUSALS[401]})
    def health() -> dict[str, Any]:
        """Version, protocol, the model, its device and memory, and what the model process does."""
        status = scheduler.status
        name, memory = _hardware(status.model.device if status.model else config.device)
        found = Health(
            version=__version__,
            protocol=wire.VERSION,
            model=status.model.name if status.model else config.model,
            device=status.model.device if status.model else config.device,
            loaded=status.model is not None,
            status=status.state,
            waiting=status.waiting,
            device_name=name,
            memory_total=memory.total,
            memory_free=memory.free,
        )
        return dataclasses.asdict(found)

    @app.get("/v1/models", responses={401: _REFUSALS[401]})
    def list_models() -> list[Mapping[str, Any]]:
        """The models that can be asked."""
        return models()

    @app.post(
        "/v1/ask",
        responses={**_STREAM, **_REFUSALS},
        openapi_extra=_BODY,
        response_class=EventStream,
        status_code=200,
    )
    async def ask(request: Request) -> Response:
        """One question; its answer as a stream of events."""
        body = await _read_body(request, config.max_body_bytes)
        asked, pixels = _decode(request.headers.get("content-type", ""), body, config.local)
        is_known = scheduler.loaded == asked.model  # else all models are listed, which looks at disk and memory
        work = await run_in_threadpool(_prepare, asked, pixels, None if is_known else models, memory, config.local)
        events = Events()
        job = scheduler.submit(asked.model, work, events.put)
        return EventStream(events, config.heartbeat_s, lambda: scheduler.cancel(job))

    @app.post(
        "/v1/models/{name}/download",
        responses={**_STREAM, **_REFUSALS},
        response_class=EventStream,
        status_code=200,
    )
    async def install(name: str) -> Response:
        """Fetches a published model; closing the connection stops it, and what has come is kept."""
        steps = await run_in_threadpool(download, name)
        events = Events()
        running = Running(steps, events.put)
        return EventStream(events, config.heartbeat_s, running.stop)

    @app.exception_handler(GeoPixError)
    async def refuse(request: Request, error: GeoPixError) -> JSONResponse:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), BAD_REQUEST)
        return JSONResponse({"code": error.code, "message": str(error)}, status)

    @app.exception_handler(HTTPException)
    async def refuse_path(request: Request, error: HTTPException) -> JSONResponse:
        message = f"{request.method} {request.url.path} is not answered here ({error.detail}); see /openapi.json."
        return JSONResponse({"code": "http", "message": message}, error.status_code)

    return app


def _hardware(device: str) -> tuple[str, Memory]:
    """Name and memory of a device; nothing where it is not here, which the first question says in words."""
    try:
        return hardware(device)
    except DeviceError:
        return "", Memory(0, 0)


async def _read_body(request: Request, limit: int) -> bytes:
    """The body of a request, refused as soon as it is known to be too long."""
    announced = request.headers.get("content-length", "0")
    body = bytearray()
    try:
        if announced.isdigit() and int(announced) <= limit:
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    break
            else:
                return bytes(body)
    except ClientDisconnect as error:
        raise RequestError("The request broke off before its end; send it again.") from error
    raise TooLargeError(f"The request is longer than {limit // 2**20} MiB; ask about a smaller area.")


def _decode(content_type: str, body: bytes, local: bool) -> tuple[wire.AskRequest, tiles.Pixels | None]:
    try:
        request, pixels = bodies.decode_request(content_type, body)
    except (wire.ProtocolError, RecursionError) as error:
        raise RequestError(
            f"The request is not one of protocol {wire.VERSION} ({error}); update the client."
        ) from error
    if isinstance(pixels, bodies.SharedPixels) and isinstance(request.tile, wire.PixelTile):
        if not local:
            raise SharedError("This server is for other computers, which share no memory with it; send the pixels.")
        return request, open_shared(pixels, raster.pixel_bytes(request.tile))
    return request, pixels if isinstance(pixels, bytes) else None


def _prepare(
    asked: wire.AskRequest,
    pixels: tiles.Pixels | None,
    models: Callable[[], list[Mapping[str, Any]]] | None,
    memory: tiles.LastTile,
    files: bool,
) -> Work:
    """Refuses what can be refused before the question waits; returns what the model's thread shall do."""
    question = Question.of(asked)
    names = [asked.model] if models is None else [str(entry["name"]) for entry in models()]
    if asked.model not in names:
        raise UnknownModelError(f"There is no model {asked.model!r}; choose one of: {', '.join(names)}.")
    tiles.check(asked.tile, pixels, files=files)
    outline.check(asked.outline)

    def work(predictor: Predictor, cancelled: Callable[[], bool]) -> Iterator[wire.Event]:
        found = memory.read(asked.tile, pixels, gsd_range_of(predictor, question), windows_of(predictor))
        tile = outline.keep_inside(found, asked.outline)
        return Engine(predictor).ask(tile, question, cancelled)

    return work
