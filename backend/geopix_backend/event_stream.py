"""Events that happen on any thread, as the bytes of one answer over HTTP."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

import geopix_qgis.protocol as wire

STREAM_TYPE = "text/event-stream"


class Events:
    """Takes events on any thread and hands them to the event loop that it was made in; None is the last.

    The loop is woken once for all events that wait: each waking is a system call, and an answer begins with several.
    """

    def __init__(self) -> None:
        self._waiting: deque[wire.Event | None] = deque()
        self._loop = asyncio.get_running_loop()
        self._come = asyncio.Event()
        self._woken = False

    def put(self, event: wire.Event | None) -> None:
        """Adds an event; see ``scheduler.Sink``."""
        self._waiting.append(event)
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        # Before the events are taken: one that is put from now on wakes the loop again, one that was put is taken.
        self._woken = False
        self._come.set()

    async def take(self) -> list[wire.Event | None]:
        """All events that wait, at least one."""
        await self._come.wait()
        self._come.clear()
        return [self._waiting.popleft() for _ in range(len(self._waiting))]


class EventStream(Response):
    """Sends events as they come, and a sign of life where they pause.

    Args:
        events: Ends with None, or with the connection.
        heartbeat_s: Longest silence.
        ended: Is called once the stream has ended, for whatever reason: also when the client has gone before it began.
    """

    media_type = STREAM_TYPE

    def __init__(self, events: Events, heartbeat_s: float, ended: Callable[[], None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]  # nobody knows it yet
        self._events, self._heartbeat_s, self._ended = events, heartbeat_s, ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(self._watch(receive))
        try:
            # The head leaves with the first events: sent before, it would wake the client while the model's thread
            # works on these, and both would take the processor from what sends them.
            data, more = await self._next()
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": data, "more_body": more})
            while more:
                data, more = await self._next()
                await send({"type": "http.response.body", "body": data, "more_body": more})
        finally:
            gone.cancel()
            self._ended()

    async def _next(self) -> tuple[bytes, bool]:
        """The events that wait as bytes, in one piece, and whether more will come."""
        try:
            async with asyncio.timeout(self._heartbeat_s):
                ready = await self._events.take()
        except TimeoutError:
            return wire.HEARTBEAT, True
        return b"".join(wire.encode_event(event) for event in ready if event is not None), None not in ready

    async def _watch(self, receive: Receive) -> None:
        """Servers differ in when they tell of a closed connection; this one asks, so that the model stops at once."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._ended()
        self._events.put(None)  # nobody reads the rest
