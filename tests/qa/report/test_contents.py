"""What a report says of its questions: each search is told by itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from qa.report.contents import Shown, questions
from qa.schema import Asked, DossierEntry, Filters

WHEN = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
ASKED = Asked("And when?", "weak", Filters(collection="Velden"), WHEN, 3, 45, 0.86, "", ("Who dredged it?",))


def test_a_question_that_was_asked_otherwise_is_another_one() -> None:
    others = (
        replace(ASKED, outcome="answered"),
        replace(ASKED, earlier=("Who sank it?",)),
        replace(ASKED, strictness=0.93),
        replace(ASKED, searched=46),
        replace(ASKED, at=WHEN + dt.timedelta(days=1)),
    )
    again = replace(ASKED, at=WHEN + dt.timedelta(minutes=1), generation=4)
    entries = [DossierEntry("quote", asked=each) for each in (ASKED, *others, again)]
    told = questions([Shown(entry, number) for number, entry in enumerate(entries, 1)])
    assert [(each.asked, each.quotes) for each in told] == [
        (ASKED, (1, 7)),
        *((each, (number,)) for number, each in enumerate(others, 2)),
    ]
