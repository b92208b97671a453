"""Finds names in the words of a head: an institution's, or an institution's before a kind of document."""

from __future__ import annotations

import re

from qa.text.name_classes import is_institution
from qa.text.organisations import is_kind, is_periodical, likely_institution, names_institution

ABBREVIATED = re.compile(r"(?:\b[^\W\d_]|\b(?:Ltd|Inc|Co|Corp|No|Jr|Sr|St|eds?|edn|vol))\.$")
EAST_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


def trimmed(name: str) -> str:
    """Return a name without the marks around it, its full stop and doubled spaces."""
    name = name.strip(" ,;:–—-*_~=")
    if name.count("(") != name.count(")"):
        name = name.strip(" ,;:–—-()")
    name = name.removesuffix(".") if not ABBREVIATED.search(name) and name.count(".") == 1 else name
    return re.sub(r"\s+", " ", name)


def institution_in(words: str) -> str:
    """Return the institution that the words behind "by" or "from" name, or "" if they name none."""
    if re.search(r"[’']s (?:\w+ )?(?:team|staff|desk|unit|office|department|section|secretariat)$", words):
        return ""
    name = re.sub(
        r"^(?:[\w-]+\s){0,3}?(?:governor|president|director|chair\w*|head|secretary|ceo|member|minister"
        r"|economist|fellow)"
        r"(?:\sgeneral)?(?:\sof|\sat|\sfor|,)\s",
        "",
        trimmed(words),
        flags=re.IGNORECASE,
    )
    name = re.sub(r"^the\s|\s(?:for use|with|on behalf)\s.*$", "", name)
    head = name.split(",")[0]
    is_body = is_institution(name) or is_institution(head) or likely_institution(head)
    if not (is_institution(name) and name.count(",") < 2) or "(" in name:
        name = head
    return name if is_body and len(name) <= 100 and name[:1].isupper() else ""


def split_off_kind(name: str) -> tuple[str, str]:
    """Return an institution's name and the kind of document that follows it, or the whole name and ""."""
    words = name.split()
    if is_periodical(name):
        return name, ""
    for at in range(1 if EAST_ASIAN.search(name) else 2, len(words)):
        body, kind = " ".join(words[:at]), " ".join(words[at:])
        begins_kind = is_kind(kind) or (is_kind(words[at]) and words[at + 1 : at + 2] in (["for"], ["to"]))
        if begins_kind and not is_kind(body) and names_institution(body) and is_institution(body):
            return body, kind
    return name, ""
