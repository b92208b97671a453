"""How long the running chat takes: to be there, to be ready, and for each answer.

usage: python -m benchmarks.chat

Starts `pullquote chat` on the brief that ships, asks every question of tests/suites/nk_brief over HTTP, one
at a time, and prints the stages as the server timed them beside the whole round trip.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.machine import HEADER, line, row

QUESTIONS = Path(__file__).parent.parent / "tests" / "suites" / "nk_brief" / "queries.jsonl"
STAGES = ("retrieve", "rerank", "extract", "total")


def main() -> None:
    """Print the table."""
    questions = [json.loads(text) for text in QUESTIONS.open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as library:
        subprocess.run([sys.executable, "-m", "qa", "--library", library, "-q", "index"], check=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        start = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "qa", "--library", library, "chat", "--port", str(port), "--no-browser"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            page = since(start, f"http://127.0.0.1:{port}/")
            ready = since(start, f"http://127.0.0.1:{port}/api/v1/health")
            times: dict[str, list[float]] = {stage: [] for stage in (*STAGES, "round trip over HTTP")}
            for question in questions:
                asked = time.perf_counter()
                answer = ask(port, question)
                times["round trip over HTTP"].append(1000 * (time.perf_counter() - asked))
                for stage in STAGES:
                    times[stage].append(answer["milliseconds"][stage])
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(line(), HEADER, row("first page after start", [page]), row("ready after start", [ready]), sep="\n")
    print(*(row(f"answer: {stage}", each) for stage, each in times.items()), sep="\n")


def since(start: float, url: str) -> float:
    """Wait until the address answers 200; milliseconds since `start`."""
    while True:
        try:
            with urllib.request.urlopen(url) as response:  # noqa: S310 -- our own server on this machine
                if response.status == 200:
                    return 1000 * (time.perf_counter() - start)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)


def ask(port: int, question: dict[str, object]) -> dict[str, dict[str, float]]:
    """Ask one question over the API."""
    body = json.dumps({"question": question["text"], "history": question.get("history") or []}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/ask", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 -- our own server on this machine
        answer: dict[str, dict[str, float]] = json.load(response)
    return answer


if __name__ == "__main__":
    main()
