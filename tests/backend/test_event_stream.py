"""Events come from any thread, in order and without loss, and a stream ends with whoever goes first."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from geopix_backend.event_stream import Events, EventStream
from geopix_qgis.protocol import HEARTBEAT, Decoder, TextEvent

MANY = 3000


def test_events_of_another_thread_all_come_in_order() -> None:
    async def run() -> list[Any]:
        events, taken = Events(), []

        def talk() -> None:
            for number in range(MANY):
                events.put(TextEvent(str(number)))
                if number % 7 == 0:
                    time.sleep(0)  # lets the loop in at another place each time
            events.put(None)

        threading.Thread(target=talk).start()
        while None not in taken:
            taken += await asyncio.wait_for(events.take(), 30)
        return taken

    *said, last = asyncio.run(run())
    assert last is None and [event.text for event in said] == [str(number) for number in range(MANY)]


class Client:
    """What an application hears and says; it goes away once ``until`` was heard."""

    def __init__(self, until: bytes | None = None) -> None:
        self.heard: list[dict[str, Any]] = []
        self._until, self._gone = until, asyncio.Event()

    async def send(self, message: Any) -> None:
        self.heard.append(message)
        if self._until is not None and message.get("body") == self._until:
            self._gone.set()

    async def receive(self) -> dict[str, str]:
        await self._gone.wait()
        return {"type": "http.disconnect"}


def test_what_waits_travels_in_one_piece_after_its_head() -> None:
    ends: list[str] = []

    async def run() -> list[dict[str, Any]]:
        events, client = Events(), Client()
        for event in (TextEvent("a"), TextEvent("b"), None):
            events.put(event)
        await EventStream(events, 30, lambda: ends.append("ended"))({}, client.receive, client.send)
        return client.heard

    head, body = asyncio.run(run())
    assert head["status"] == 200 and (b"content-type", b"text/event-stream; charset=utf-8") in head["headers"]
    assert not any(name == b"content-length" for name, _ in head["headers"])
    assert [event.text for event in Decoder().feed(body["body"])] == ["a", "b"]  # type: ignore[union-attr]
    assert not body["more_body"] and ends == ["ended"]


def test_a_stream_whose_reader_has_gone_ends_though_its_work_goes_on() -> None:
    ends: list[str] = []

    async def run() -> list[dict[str, Any]]:
        client = Client(until=HEARTBEAT)
        stream = EventStream(Events(), 0.01, lambda: ends.append("ended"))
        await asyncio.wait_for(stream({}, client.receive, client.send), 30)
        return client.heard

    heard = asyncio.run(run())
    assert heard[1] == {"type": "http.response.body", "body": HEARTBEAT, "more_body": True} and ends
