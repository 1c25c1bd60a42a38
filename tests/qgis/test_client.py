"""The stream of an answer, over real sockets."""

from __future__ import annotations

import threading
import time

import pytest

from geopix_qgis import protocol
from geopix_qgis.backend_process import Endpoint
from geopix_qgis.client import AskClient
from geopix_qgis.handover import Handover

TEXTS = ["Häuser ", "und ", "日本語 🏠", " — fertig\n\n", "x" * 500]
REQUEST = protocol.AskRequest("roofs", protocol.PathTile("/data/a.tif"))
DONE = protocol.DoneEvent("", 0, 1, 1, 0.1, "fake", "cpu")


def stream() -> bytes:
    events = [protocol.TextEvent(text) for text in TEXTS]
    return protocol.HEARTBEAT + b"".join(map(protocol.encode_event, [*events, DONE]))


@pytest.fixture
def client(qgis_app):
    client = AskClient()
    client.seen, client.ends = [], []
    client.received.connect(client.seen.append)
    client.finished.connect(lambda: client.ends.append("finished"))
    client.failed.connect(lambda *why: client.ends.append(why))
    client.stopped.connect(lambda: client.ends.append("stopped"))
    yield client
    client.stop()


def ask(client, server, token=None):
    client.ask(Endpoint(server.port, token or server.token), Handover(REQUEST))


def settle(qtbot, client):
    qtbot.waitUntil(lambda: not client.active, timeout=8000)
    qtbot.wait(20)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_events_arrive_whole_and_in_order_however_the_bytes_are_cut(client, serve, fake, qtbot, size):
    server = serve(lambda request: fake.awkward(stream(), size))
    ask(client, server)
    settle(qtbot, client)
    assert [event.text for event in client.seen[:-1]] == TEXTS
    assert client.seen[-1] == DONE
    assert client.ends == ["finished"]
    assert server.requests == [REQUEST]


def test_text_is_shown_before_the_answer_ends(client, serve, qtbot):
    def answer(request):
        yield protocol.encode_event(protocol.TextEvent("early"))
        time.sleep(0.5)
        yield protocol.encode_event(DONE)

    ask(client, serve(answer))
    qtbot.waitUntil(lambda: len(client.seen) == 1, timeout=3000)
    assert client.active and client.ends == []
    settle(qtbot, client)


@pytest.mark.parametrize("size", [40, 100_000])
def test_events_stay_in_order_where_a_slot_runs_an_event_loop(client, serve, fake, qtbot, size):
    """As the feedback of algorithms does: the end of the connection comes while events are handed on."""
    client.received.connect(lambda event: qtbot.wait(15))
    client.finished.connect(lambda: client.seen.append("finished"))
    ask(client, serve(lambda request: fake.awkward(stream(), size)))
    settle(qtbot, client)
    assert [event.text for event in client.seen[:-2]] == TEXTS
    assert client.seen[-2:] == [DONE, "finished"] and client.ends == ["finished"]


def test_stop_in_a_slot_that_runs_an_event_loop_ends_the_answer_once(client, serve, qtbot):
    def stop(event):
        client.stop()
        qtbot.wait(30)

    client.received.connect(stop)
    ask(client, serve(lambda request: iter([stream()])))
    settle(qtbot, client)
    assert client.ends == ["stopped"] and len(client.seen) == 1
    client.received.disconnect(stop)
    ask(client, serve(lambda request: iter([stream()])))
    settle(qtbot, client)
    assert client.ends == ["stopped", "finished"]


def test_stop_closes_the_connection_so_that_the_model_process_notices(client, serve, qtbot):
    def answer(request):
        while True:
            yield protocol.encode_event(protocol.TextEvent("more "))
            time.sleep(0.01)

    server = serve(answer)
    ask(client, server)
    qtbot.waitUntil(lambda: len(client.seen) > 3, timeout=3000)
    client.stop()
    count = len(client.seen)
    settle(qtbot, client)
    assert client.ends == ["stopped"]
    assert len(client.seen) == count
    assert server.client_gone.wait(3)


def test_stopping_an_answer_that_has_just_broken_off_is_no_error(client, serve, qtbot, qtlog):
    ask(client, serve(lambda request: iter([b": ping\n\n"])))
    qtbot.waitUntil(lambda: client._reply is None or client._reply.isFinished(), timeout=3000)
    client.stop()
    settle(qtbot, client)
    assert len(client.ends) == 1
    assert "must only be called once" not in "".join(record.message for record in qtlog.records)


def test_a_refusal_is_told_in_the_words_of_the_model_process(client, serve, fake, qtbot):
    def answer(request):
        raise fake.RefusalError(422, {"code": "raster", "message": "The raster has 0 bands."})

    ask(client, serve(answer))
    settle(qtbot, client)
    assert client.ends == [("raster", "The raster has 0 bands.")]
    assert client.seen == []


def test_a_refusal_without_words_gives_its_status(client, serve, fake, qtbot):
    def answer(request):
        raise fake.RefusalError(500, b"<html>oops</html>")

    ask(client, serve(answer))
    settle(qtbot, client)
    assert client.ends[0][0] == "http" and "500" in client.ends[0][1]


def test_a_wrong_token_is_refused(client, serve, qtbot):
    ask(client, serve(lambda request: iter([stream()])), token="stale")
    settle(qtbot, client)
    assert client.ends == [("token", "The token is wrong.")]


def test_a_stream_that_ends_too_early_is_a_failure(client, serve, qtbot):
    ask(client, serve(lambda request: iter([protocol.encode_event(protocol.TextEvent("half"))])))
    settle(qtbot, client)
    assert client.ends[0][0] == "connection"


def test_bytes_that_are_no_event_are_a_failure(client, serve, qtbot):
    ask(client, serve(lambda request: iter([b"event: text\ndata: {broken\n\n" + stream()])))
    settle(qtbot, client)
    assert client.ends[0][0] == "protocol"
    assert client.seen == []


def test_silence_is_given_up_and_a_heartbeat_is_not_silence(client, serve, qtbot):
    sent, end = [], threading.Event()

    def answer(request):
        for number in range(6):  # longer in all than the silence that is allowed
            sent.append(number)
            yield protocol.HEARTBEAT
            time.sleep(0.5)
        end.wait(20)
        yield b""

    client._watchdog.setInterval(2000)
    ask(client, serve(answer))
    settle(qtbot, client)
    end.set()
    assert client.ends[0][0] == "silent" and "press Restart" in client.ends[0][1]
    assert len(sent) == 6


def test_nobody_listening_is_a_failure(client, qtbot):
    client.ask(Endpoint(9, "token"), Handover(REQUEST))
    settle(qtbot, client)
    assert client.ends[0][0] == "connection"


def test_many_answers_in_a_row_do_not_crash_qt(client, serve, fake, qtbot):
    server = serve(lambda request: fake.awkward(stream(), 50))
    for _ in range(25):
        ask(client, server)
        settle(qtbot, client)
    assert client.ends == ["finished"] * 25
