"""The frame of the pages, and trouble told as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

import ui
from qa.places import shipped_corpus
from qa.web import STATIC
from qa.web.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "http://127.0.0.1:7860"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole app, over an engine that was never started."""
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    with TestClient(ui.create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        yield client


def test_gradios_page_has_the_frame_of_all_pages(client: TestClient) -> None:
    page = client.get("/", headers=BROWSER).text
    assert page.count('<nav class="rail"') == 1
    assert '<a href="/" aria-current="page">' in page
    assert page.index('class="skip"') < page.index("<gradio-app")
    assert '<link rel="stylesheet" href="/web/base.css">' in page


@pytest.mark.parametrize("path", ["/nothing", "/documents.html", "/web/nothing.js", "/gradio_api/upload"])
def test_an_address_that_leads_nowhere_is_a_page_for_a_browser(client: TestClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == 404
    assert "There is no such page" in response.text
    assert '<nav class="rail"' in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(("path", "headers"), [("/nothing", {}), ("/api/v1/nothing", BROWSER)])
def test_it_is_data_for_a_script(client: TestClient, path: str, headers: dict[str, str]) -> None:
    response = client.get(path, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_a_page_that_must_wait_for_the_library_says_so(client: TestClient) -> None:
    response = client.get("/documents", headers=BROWSER)
    assert response.status_code == 503
    assert "still starting" in response.text
    assert response.headers["Refresh"] == "2"


@pytest.mark.parametrize("path", ["/documents", "/dossiers", "/history"])
def test_an_address_with_a_slash_at_its_end_leads_to_the_page(client: TestClient, path: str) -> None:
    response = client.get(f"{path}/", headers=BROWSER, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, path)


def test_a_link_from_another_site_may_lead_to_a_page_and_a_script_of_it_may_not(client: TestClient) -> None:
    followed = BROWSER | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    read = BROWSER | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    for path in ("/documents", "/documents/a.txt", "/history", "/history/1", "/dossiers", "/dossiers/1"):
        assert client.get(path, headers=followed).status_code != 403
        assert client.get(path, headers=read).status_code == 403
        assert client.post(path).status_code == 405


def test_the_script_that_is_written_by_hand_stays_small() -> None:
    scripts = [path.read_text("utf-8").splitlines() for path in STATIC.glob("*.js")]
    assert len(scripts) > 1
    assert sum(map(len, scripts)) <= 1725
