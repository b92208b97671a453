"""Bodies of hostile shapes cost little time before they are refused, whatever route they are sent to."""

from __future__ import annotations

import gc
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

import ui
from qa.web.engine import Engine
from qa.web.guard import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

# How much longer a refusal may take than reading the JSON.
PROCESSOR_SECONDS, RATIO = 0.5, 4
# Each nearly as large as a body may be, with what stands around it.
SHAPES: dict[str, Any] = {
    "numbers": [1] * 500_000,
    "objects": [{}] * 300_000,
    "lists": [[]] * 300_000,
    "turns without a text": [{"role": "user"}] * 50_000,
    "keys": {str(number): 1 for number in range(80_000)},
    "an object of keys": [{str(number): 1 for number in range(80_000)}],
    "depth": json.loads("[" * 900 + "]" * 900),
    "a long key": {"a" * 1_000_000: 1},
}
ASK: dict[str, Any] = {"question": "Who?"}
THUMB: dict[str, Any] = {"answer": "a", "thumb": "up"}
JOIN: dict[str, Any] = {"fn_index": 0, "data": [], "session_hash": "a"}
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "history": ("/api/v1/ask", ASK),
    "history.0": ("/api/v1/ask", ASK | {"history": [{}]}),
    "filters": ("/api/v1/ask", ASK),
    "filters.document": ("/api/v1/ask", ASK | {"filters": {}}),
    "questions": ("/api/v1/questions", {}),
    "questions.0": ("/api/v1/questions", {"questions": [{}]}),
    "questions.0.history": ("/api/v1/questions", {"questions": [{"question": "Who?"}]}),
    "quote": ("/api/v1/feedback", THUMB),
    "data": ("/gradio_api/queue/join", JOIN),
    "data.0": ("/gradio_api/queue/join", JOIN | {"data": [0]}),
}
ROUTES = (
    "/api/v1/ask",
    "/api/v1/questions",
    "/api/v1/feedback",
    "/gradio_api/queue/join",
    "/gradio_api/cancel",
    "/gradio_api/reset",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    engine = Engine(tmp_path_factory.mktemp("library"), tmp_path_factory.mktemp("shipped"))
    app = ui.create_app(engine, "127.0.0.1")
    # As the server does: what other tests left in this process is not looked through at each list.
    gc.collect()
    gc.freeze()
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_value_costs_little_time(client: TestClient, place: str, shape: str) -> None:
    path, body = PLACES[place]
    send(client, path, put(body, place.split("."), SHAPES[shape]))


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("path", ROUTES)
def test_a_hostile_body_costs_little_time(client: TestClient, path: str, shape: str) -> None:
    send(client, path, SHAPES[shape])


@pytest.mark.parametrize("path", ROUTES)
def test_a_key_that_is_not_known_is_named(client: TestClient, path: str) -> None:
    response = client.post(path, json={"colour": "red"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_input")
    assert "'colour'" in response.json()["detail"]


def send(client: TestClient, path: str, body: Any) -> None:
    """Send the body; it is refused in little time and few words."""
    data = json.dumps(body, separators=(",", ":")).encode()
    assert len(data) <= MAX_BODY_BYTES
    start = time.process_time()
    json.loads(data)
    read = time.process_time()
    response = client.post(path, content=data, headers={"Content-Type": "application/json"})
    assert time.process_time() - read < PROCESSOR_SECONDS + RATIO * (read - start)
    assert response.status_code in {400, 503}  # 503: it is refused by the engine, which is not ready
    assert len(response.content) < 1_000


def put(body: dict[str, Any], where: list[str], value: Any) -> dict[str, Any]:
    """Return a copy of the body with the value at this place."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for key in where[:-1]:
        inner = inner[int(key) if isinstance(inner, list) else key]
    last = where[-1]
    inner[int(last) if isinstance(inner, list) else last] = value
    return copy
