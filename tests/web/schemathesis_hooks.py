"""Puts back what a request of Schemathesis has taken away, so that the next ones find it."""

from __future__ import annotations

from typing import Any

import requests
import schemathesis


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Restore what was deleted, and add again what was purged."""
    if response.status_code != 200:
        return
    url = response.request.url.partition("?")[0]
    if response.request.method == "DELETE":
        requests.post(f"{url}/restore", timeout=60)
    elif response.request.method == "POST" and url.endswith("/purge"):
        documents, _, name = url.removesuffix("/purge").rpartition("/")
        requests.post(f"{documents}?name={name}", b"The harbour was closed in May.", timeout=60)
