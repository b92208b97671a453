"""The reference of the HTTP interface: whole, true and self-contained."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from qa import errors
from qa.places import shipped_corpus
from qa.report.contents import kept_quote
from qa.schema import Asked, CitationId, DossierEntry
from qa.web.api import create_app
from qa.web.engine import Engine
from tests.qa.desk.test_conversations import turn

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "http://127.0.0.1:7860"
PDFS = Path(__file__).parents[1] / "formats" / "pdf" / "files"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())  # never started
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        yield client


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def named(part: object, document: dict[str, Any]) -> set[str]:
    """Return the schemas that a part of the document names, and the schemas that these name."""
    names = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(part)))
    schemas = document["components"]["schemas"]
    return names.union(*(named(schemas[name], document) for name in names))


def faults(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return where a value differs from its schema, and the fields that the schema does not name."""
    root = schema | {"components": document["components"]}
    return [
        *(f"{error.json_path}: {error.message}" for error in Draft202012Validator(root).iter_errors(value)),
        *unnamed(value, schema, document["components"]["schemas"]),
    ]


def unnamed(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    for part in (schema, *schema.get("anyOf", ())):
        declared = schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        for item in value if isinstance(value, list) else ():
            yield from unnamed(item, declared.get("items", {}), schemas)
        if isinstance(value, dict) and "properties" in declared:
            yield from value.keys() - declared["properties"].keys()
            for name in value.keys() & declared["properties"].keys():
                yield from unnamed(value[name], declared["properties"][name], schemas)


def test_every_route_says_what_it_is_for_what_it_takes_and_what_goes_wrong(document: dict[str, Any]) -> None:
    described = dict(operations(document))
    assert len(described) >= 11
    for route, operation in described.items():
        assert operation["summary"], route
        assert operation["description"], route
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], route
            assert "example" in parameter, route
        if operation.get("requestBody"):
            content = operation["requestBody"]["content"]
            assert "application/octet-stream" in content or content["application/json"]["example"], route
        assert "422" not in operation["responses"], route
        takes = operation.get("parameters") or operation.get("requestBody")
        assert not takes or len(operation["responses"]) > 1, route
        for name in named(operation.get("requestBody"), document):
            for field, properties in document["components"]["schemas"][name]["properties"].items():
                assert properties["description"], (name, field)


def test_no_reference_leads_nowhere(client: TestClient, document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", client.get("/api/v1/openapi.json").text))
    assert named == set(document["components"]["schemas"])


def test_every_code_that_is_named_is_one_of_an_error(document: dict[str, Any]) -> None:
    known = {each.code for each in vars(errors).values() if hasattr(each, "code")}
    known |= {"token_needed", "internal"}  # the guard's, and that of a defect
    text = " ".join(
        response["description"]
        for _, operation in operations(document)
        for response in operation["responses"].values()
    )
    codes = set(re.findall(r"`(\w+)`(?=:|, or why)", text))
    assert codes - known == set()
    assert "bad_question" in codes


def test_the_page_shows_every_route_and_field(client: TestClient, document: dict[str, Any]) -> None:
    page = client.get("/api/v1/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for route, operation in operations(document):
        method, path = route.split()
        assert f'<span class="method">{method}</span> <code>{path}</code>' in page.text
        assert f"<h2>{operation['summary']}</h2>" in page.text
        for schema in named(operation.get("requestBody"), document):
            for field in document["components"]["schemas"][schema]["properties"]:
                assert f"<code>{field}</code>" in page.text
    anchors = re.findall(r'href="#([^"]+)"', page.text)
    assert set(anchors) == set(re.findall(r'id="([^"]+)"', page.text))
    assert len(set(anchors)) >= 12


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing(client: TestClient) -> None:
    page = client.get("/api/v1/docs").text
    assert "<script" not in page
    assert "style=" not in page
    loaded = re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]+)"', page)
    assert loaded == ["/web/icon.svg", "/web/reference.css"]
    for path in loaded:
        assert client.get(path).status_code == 200
    style = client.get("/web/reference.css").text
    assert "//" not in re.sub(r"/\*.*?\*/", "", style)


def test_the_examples_are_for_the_host_that_was_asked(client: TestClient) -> None:
    page = client.get("/api/v1/docs", headers={"host": "localhost:9"}).text
    assert "curl http://localhost:9/api/v1/ask" in page
    assert "127.0.0.1" not in page


@pytest.mark.models
def test_every_example_is_answered_as_it_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = Engine(tmp_path_factory.mktemp("folder") / "library", shipped_corpus())
    engine.start()
    assert engine.settled().stage == "ready"
    with (PDFS / "brief.pdf").open("rb") as file:
        engine.corpus.upload("report.pdf", file)
    engine.corpus.upload("report.html", BytesIO(b"<p>The school at Hyesan was opened in June.</p>"))
    engine.corpus.desk.conversations.keep(
        "Jc1yq3vZk0TtWb7e", turn("Which factory was stripped of its metal?")
    )
    dossiers = engine.corpus.desk.dossiers
    made = dossiers.create("Works")
    factory = CitationId("107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72", 1114, 1360)
    unanswered = DossierEntry("question", asked=Asked("Who was elected mayor of Oslo?", "none"))
    quoted = kept_quote(engine.corpus.store, factory)
    dossiers.add(made.id, [DossierEntry("heading", "Works"), quoted, unanswered])
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        page = client.get("/api/v1/docs").text
        document = client.get("/api/v1/openapi.json").json()
        examples = re.findall(r"<pre tabindex=\"0\"><code>(curl .*?)</code>", page, re.DOTALL)
        answer = ""
        for (route, operation), example in zip(operations(document), examples, strict=True):
            command = shlex.split(example.replace("&#39;", "'").replace("&#34;", '"').replace("\\\n", " "))
            url = command[1].replace("lP089RUEFfGTKFSV", answer).replace("x3Qk9vZk0TtWb7eA", made.id)
            given = dict(itertools.pairwise(command))
            method = given.get("-X", "POST" if {"-d", "--data-binary"} & given.keys() else "GET")
            body = given.get("-d", "").replace("lP089RUEFfGTKFSV", answer).encode()
            if "--data-binary" in given:
                body = b"The harbour at Ostrava was closed in May."
            reply = client.request(method, url, content=body, headers={"Content-Type": "application/json"})
            assert (route, reply.status_code) == (route, 200)
            if route.startswith("DELETE /api/v1/conversations/"):  # the routes that come next want it
                client.post(f"{url}/restore")
            if route == "POST /api/v1/dossiers":  # a dossier is given this name later
                client.delete(f"{url}/{reply.json()['id']}")
            if route == "POST /api/v1/documents/{document_id}/purge":  # the routes that come next want it
                client.post("/api/v1/documents?name=report.txt", content=b"The harbour was closed in May.")
            if declared := operation["responses"]["200"]["content"].get("application/json"):
                assert (route, faults(reply.json(), declared["schema"], document)) == (route, [])
            if route.endswith("/ask"):
                answer = reply.json()["id"]
    engine.stop()
