"""What documents were read from, as it looks, over HTTP."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from qa.formats.worker import Worker
from qa.web import originals
from qa.web.api import create_app
from qa.web.engine import Engine, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import Response

    from qa.corpus import Corpus

BASE = "http://127.0.0.1:7860"
PDFS = Path(__file__).parents[1] / "formats" / "pdf" / "files"
SAID = "The inspector was asked about the cement, and he gave no answer."
OUTLINE = (176, 112, 0)


@pytest.fixture
def corpus(corpus: Corpus) -> Corpus:
    with (PDFS / "article.pdf").open("rb") as file:
        corpus.upload("2008/article.pdf", file)
    return corpus


@pytest.fixture
def client(corpus: Corpus) -> Iterator[TestClient]:
    engine = Engine(corpus.library, corpus.library.parent, _corpus=corpus)
    engine._settle(State("ready"))
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        yield client


def ask(client: TestClient, document: str, rest: str, **asked: Any) -> Response:
    return client.get(f"/api/v1/documents/{quote(document, safe='')}/{rest}", params=asked)


def picture(response: Response) -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(response.content)).convert("RGB")


def refused(response: Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["detail"]


def made(draw: Any, size: tuple[float, float] = (595, 842)) -> bytes:
    """Make a PDF of one page, which says something, of what is drawn."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=True)
    canvas.drawString(60, 700, SAID)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def outlines(page: Image.Image) -> list[tuple[int, int]]:
    """Return where a page has the colour of an outline, in pixels."""
    pixels = page.load()
    assert pixels
    return [
        (x, y)
        for y in range(page.height)
        for x in range(0, page.width, 3)
        if all(abs(pixels[x, y][i] - OUTLINE[i]) < 12 for i in range(3))
    ]


def test_a_page_is_a_picture_with_the_quote_outlined_where_it_stands(
    client: TestClient, corpus: Corpus
) -> None:
    text = corpus.document("2008/article.pdf").text
    start = text.index("The clerk wrote that nobody wished")
    plain = picture(ask(client, "2008/article.pdf", "pages/1.png"))
    assert (plain.width, plain.height) == (1400, 1982)
    assert outlines(plain) == []
    page = picture(ask(client, "2008/article.pdf", "pages/1.png", start=start, end=start + 60))
    heights = {y for _, y in outlines(page)}
    assert heights
    assert max(heights) - min(heights) < 150  # a few lines, not the page
    second = picture(ask(client, "2008/article.pdf", "pages/2.png", start=start, end=start + 60))
    assert outlines(second) == []


def test_a_page_that_was_sent_is_not_sent_again(client: TestClient) -> None:
    first = ask(client, "2008/article.pdf", "pages/3.png")
    again = client.get(str(first.url), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_picture_is_drawn_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(client, "2008/article.pdf", "pages/1.png")
    monkeypatch.setattr(Worker, "draw", None)
    assert ask(client, "2008/article.pdf", "pages/1.png").content == first.content
    with pytest.raises(TypeError):
        ask(client, "2008/article.pdf", "pages/2.png")


def test_the_citation_says_how_its_original_can_be_shown(
    client: TestClient, corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The harbour was closed in May.")
    corpus.index(path)
    corpus.upload("sent.txt", io.BytesIO(b"The school was opened in June."))

    def original(document: str) -> object:
        sha256 = corpus.document(document).sha256
        return client.get(f"/api/v1/citations/{sha256}/0-9", params={"document": document}).json()["original"]

    assert original("2008/article.pdf") == "pages"
    assert original("sent.txt") == "download"
    assert original("note.txt") is None
    with (PDFS / "brief.pdf").open("rb") as file:
        before = corpus.document("2008/article.pdf").sha256
        corpus.upload("2008/article.pdf", file)
    assert client.get(f"/api/v1/citations/{before}/0-9").json()["original"] is None


def test_a_file_from_a_folder_is_shown_until_it_changes(
    client: TestClient, corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "brief.pdf"
    path.write_bytes((PDFS / "brief.pdf").read_bytes())
    corpus.index(path)
    picture(ask(client, "brief.pdf", "pages/1.png"))
    path.write_bytes((PDFS / "diary.pdf").read_bytes())
    status, detail = refused(ask(client, "brief.pdf", "pages/1.png"))
    assert status == 404
    assert "the file brief.pdf has changed since it was read" in detail
    assert str(tmp_path) not in detail
    path.unlink()
    assert refused(ask(client, "brief.pdf", "pages/1.png"))[0] == 404


@pytest.mark.parametrize(
    ("document", "rest", "asked", "status", "says"),
    [
        ("2008/article.pdf", "pages/4.png", {}, 404, "there is no page 4: '2008/article.pdf' has 3"),
        ("2008/article.pdf", "pages/0.png", {}, 400, "page"),
        ("2008/article.pdf", "pages/x.png", {}, 400, "page"),
        ("2008/article.pdf", "pages/1.png", {"start": 5}, 400, "there is no quote at 5-None"),
        ("2008/article.pdf", "pages/1.png", {"start": 9, "end": 9}, 400, "there is no quote at 9-9"),
        ("2008/article.pdf", "pages/1.png", {"start": 0, "end": 10**9}, 400, "there is no quote"),
        ("../../etc/passwd", "pages/1.png", {}, 404, "no document"),
        ("/etc/passwd", "pages/1.png", {}, 404, "no document"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(
    client: TestClient, document: str, rest: str, asked: dict[str, int], status: int, says: str
) -> None:
    got, detail = refused(ask(client, document, rest, **asked))
    assert (got, says in detail) == (status, True), detail


def test_a_huge_page_is_a_picture_of_bounded_size(client: TestClient, corpus: Corpus) -> None:
    for name, size in (("square", (14_000, 14_000)), ("tall", (400, 14_000)), ("small", (400, 50))):
        said = f"This page is {name}."
        corpus.upload(
            f"{name}.pdf", io.BytesIO(made(lambda canvas, said=said: canvas.drawString(5, 20, said), size))
        )
        page = picture(ask(client, f"{name}.pdf", "pages/1.png"))
        assert page.width * page.height <= 4_100_000


def test_a_page_that_takes_too_long_costs_itself(
    corpus: Corpus, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillAlpha(0.5)
        for _ in range(6_000):
            canvas.rect(0, 0, 595, 842, fill=1)

    corpus.upload("slow.pdf", io.BytesIO(made(draw)))
    monkeypatch.setattr(originals, "SECONDS", 0.5)
    engine = Engine(corpus.library, corpus.library.parent, _corpus=corpus)
    engine._settle(State("ready"))
    with TestClient(create_app(engine, "127.0.0.1"), base_url=BASE) as hurried:
        status, detail = refused(ask(hurried, "slow.pdf", "pages/1.png"))
    assert status == 400
    assert "slow.pdf took longer than" in detail
    picture(ask(client, "2008/article.pdf", "pages/1.png"))


def test_a_damaged_page_says_so_and_the_others_are_shown(client: TestClient, corpus: Corpus) -> None:
    whole = (PDFS / "article.pdf").read_bytes()
    damaged = whole.replace(b"/Kids [ 6 0 R 7 0 R", b"/Kids [ 6 0 R 3 0 R")
    assert damaged != whole
    corpus.upload("damaged.pdf", io.BytesIO(damaged))
    assert refused(ask(client, "damaged.pdf", "pages/2.png")) == (
        400,
        "page 2 of damaged.pdf is damaged. Open it in a PDF reader and save it again.",
    )
    picture(ask(client, "damaged.pdf", "pages/3.png"))
