"""What is said where no answer was found: one sentence, the same wherever it stands."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from qa.quoting import render
from qa.quoting.html import to_html
from qa.quoting.markdown import to_markdown
from qa.schema import READINESS, STRICTNESS, Answer, Asked, Document, Filters, Quote
from qa.web.cards import answer_card
from qa.web.records import AnswerRecord, AnswerWords
from qa.web.transcript import entry

if TYPE_CHECKING:
    from qa.schema import Outcome

DOCUMENT = Document("dredging.txt", "The dredger Alma left Velden in spring. Nobody has seen it since.\n")
QUOTE = Quote(DOCUMENT, 0, 39)
IN_VELDEN = (
    "No answer found in the 3 documents searched in collection Velden "
    "(since 1 January 2008, publisher Port Office)"
)
WHEN = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)


def read(_: str) -> Document:
    return DOCUMENT


def answer(outcome: Outcome = "weak", searched: int = 45, unjudged: str = "", **filters: object) -> Answer:
    quotes = (QUOTE,) if outcome == "weak" else ()
    chosen = Filters(**filters)  # type: ignore[arg-type]
    asked = "Who bought the dredger Alma?"
    return Answer(asked, asked, outcome, quotes=quotes, searched=searched, filters=chosen, unjudged=unjudged)


def surfaces(of: Answer) -> dict[str, str]:
    """Return an answer as each surface shows it, as one line of words without markup."""
    screen = io.StringIO()
    Console(file=screen, width=400).print(render.to_terminal(of, read))
    shown = {
        "terminal": screen.getvalue(),
        "text": render.to_text(of, read),
        "JSON": json.dumps(render.to_dict(of, read), ensure_ascii=False),
        "Markdown": to_markdown(of, read).replace("\\", ""),
        "HTML": to_html(of, read),
        "card": answer_card(of, read),
        "transcript": entry(of, read, WHEN),
    }
    return {name: unescape(re.sub(r"<[^>]*>|\s+", " ", words)) for name, words in shown.items()}


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (answer(), "No answer found in the 45 documents searched"),
        (answer("none", 1), "No answer found in the document searched"),
        (
            answer(searched=7, collection="Velden"),
            "No answer found in the 7 documents searched in collection Velden",
        ),
        (
            answer(searched=1_200, collection=("Velden", "Norden", "Sud")),
            "No answer found in the 1,200 documents searched in collections Velden, Norden and Sud",
        ),
        (
            answer("none", 3, collection=("Velden",), publisher="Port Office", since=dt.date(2008, 1, 1)),
            IN_VELDEN,
        ),
        (answer(unjudged="de"), "The reader cannot judge German. These passages are nearest"),
        (answer("none", unjudged="ko"), "The reader cannot judge Korean"),
        (answer(unjudged="und"), "The reader cannot judge this language. These passages are nearest"),
    ],
)
def test_the_same_sentence_stands_on_every_surface(of: Answer, said: str) -> None:
    asked = Asked(of.question, of.outcome, of.filters, searched=of.searched, unjudged=of.unjudged)
    assert render.no_answer(of) == said
    assert render.no_answer(asked) == said.removesuffix(". These passages are nearest")  # which it has not
    for name, shown in surfaces(of).items():
        assert said in shown, name
        assert "Not in the corpus" not in shown
        assert "do not state" not in shown
        assert ("Nearest passages" in shown) == (
            of.outcome == "weak" and not of.unjudged and name != "JSON"
        ), name


def test_one_document_is_named_as_the_filters_name_it() -> None:
    of = answer(searched=1, document=("dredging.txt",))
    assert render.no_answer(of) == "No answer found in the document searched (document dredging.txt)"
    titles = {"dredging.txt": "A dredger"}
    assert "No answer found in the document searched (document “A dredger”)" in answer_card(
        of, read, titles=titles
    )


def test_json_says_it_as_data_and_of_an_answer_nothing() -> None:
    line = render.to_dict(answer(collection="Velden"), read)
    assert line["said"] == "No answer found in the 45 documents searched in collection Velden."
    assert (line["searched"], line["unjudged"]) == (45, "")
    assert render.to_dict(answer("answered"), read)["said"] == ""
    assert set(line) <= {*AnswerRecord.model_fields, *AnswerWords.model_fields, "passages"}


def test_the_strictness_that_ships_has_a_name() -> None:
    assert READINESS[STRICTNESS] == "balanced"


def test_no_card_says_what_was_asked_for_in_percent() -> None:
    assert "asked for" not in answer_card(answer(), read)
