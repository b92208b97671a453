"""Measure how long the chat takes to serve its page, to be ready, and to answer.

usage: python -m benchmarks.chat [STARTS]

Starts `pullquote chat` on the brief that ships STARTS times (default 5) in each of three ways, in turn:

- with the cache of models,
- with an empty cache of models,
- with a tab of a running Chromium, where a question is typed as soon as the question box is there. Without
  Chromium, this way is left out.

Then every question of tests/suites/nk_brief is asked over HTTP, one at a time. The table has the stages as
the server timed them, and the whole round trip.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import HEADER, line, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    Times = defaultdict[str, list[float]]

QUESTIONS = Path(__file__).parent.parent / "tests" / "suites" / "nk_brief" / "queries.jsonl"
STAGES = ("retrieve", "rerank", "extract", "total")


def main() -> None:
    """Print the table."""
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    questions = [json.loads(text) for text in QUESTIONS.open(encoding="utf-8")]
    times: Times = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        library = Path(folder, "library")
        subprocess.run([sys.executable, "-m", "qa", "--library", library, "-q", "index"], check=True)
        for number in range(starts):
            with chat(library) as url:
                start_up(url, questions[0], times, "")
            with chat(library, PULLQUOTE_CACHE=str(Path(folder, f"cache-{number}"))) as url:
                start_up(url, questions[0], times, ", empty cache")
            if browser:
                with chat(library) as url:
                    look(browser, url, questions[0], times)
        with chat(library) as url:
            answered(url + "api/v1/health")
            for question in questions:
                asked = time.perf_counter()
                answer = ask(url, question)
                times["round trip over HTTP"].append(1000 * (time.perf_counter() - asked))
                for stage in STAGES:
                    times[f"answer: {stage}"].append(answer["milliseconds"][stage])
    print(line(), HEADER, *(row(name, values) for name, values in times.items()), sep="\n")
    if not browser:
        print("no Chromium: the page's rows are left out (pip install playwright; apt install chromium)")


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """Run Chromium without a window. Yield None if Chromium is not installed."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        yield None
        return
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
                args=["--no-sandbox"],
            )
        except Error:
            yield None
            return
        yield browser
        browser.close()


@contextmanager
def chat(library: Path, **environment: str) -> Iterator[str]:
    """Run the chat and return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "qa", "--library", library, "chat", "--port", str(port), "--no-browser"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
    )
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=30)


def start_up(url: str, question: dict[str, object], times: Times, way: str) -> None:
    """Time the start of a chat over HTTP."""
    start = time.perf_counter()
    answered(url)
    times["page served" + way].append(1000 * (time.perf_counter() - start))
    answered(url + "api/v1/health")
    times["ready" + way].append(1000 * (time.perf_counter() - start))
    ask(url, question)
    times["first answer" + way].append(1000 * (time.perf_counter() - start))


def look(browser: Browser, url: str, question: dict[str, object], times: Times) -> None:
    """Time the start of a chat in the browser, as a user sees it."""
    start = time.perf_counter()
    answered(url)
    tab = browser.new_page()
    tab.goto(url, wait_until="commit")
    box = tab.locator("#question textarea")
    box.fill(str(question["text"]))  # waits until the box takes text
    times["question box there, in Chromium"].append(1000 * (time.perf_counter() - start))
    box.press("Enter")
    tab.locator(".answer.finished").wait_for()
    times["first answer, in Chromium"].append(1000 * (time.perf_counter() - start))
    tab.close()


def answered(url: str) -> None:
    """Wait until the address answers 200."""
    while True:
        try:
            with urllib.request.urlopen(url) as response:  # noqa: S310 -- our own server on this machine
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)


def ask(url: str, question: dict[str, object]) -> dict[str, dict[str, float]]:
    """Ask one question over the API."""
    body = json.dumps({"question": question["text"], "history": question.get("history") or []}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + "api/v1/ask", body, headers)  # noqa: S310 -- as above
    with urllib.request.urlopen(request) as response:  # noqa: S310
        answer: dict[str, dict[str, float]] = json.load(response)
    return answer


if __name__ == "__main__":
    main()
