"""Questions that name a time, asked of dated documents that mostly do not repeat it, by the real models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qa import Corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.models

# Id, day of publication, title, text.
DOCUMENTS = (
    (
        "terminal",
        "2008-09-03",
        "Orlava port opens second container terminal",
        (
            "The port of Orlava opened its second container terminal on Wednesday. The terminal cost "
            "210 million crowns, a third more than planned. Port Director Anselm Krug resigned after an "
            "audit found that two contracts had been awarded without a tender."
        ),
    ),
    (
        "scrap",
        "2008-04-04",
        "Scrap dealers empty a factory",
        (
            "The tractor factory at Musan was stripped of its metal by its own workers, a source in the "
            "town said. The machines were cut up at night and sold as scrap across the river. Police "
            "arrested twelve workers."
        ),
    ),
    (
        "broker",
        "2004-11-10",
        "Harbour broker held",
        (
            "Police in Torvik arrested the broker Jonas Hale for forging customs papers. Hale, who is "
            "51, denies it. His office in the old harbour was searched."
        ),
    ),
    (
        "cartel",
        "2018-06-12",
        "Fine for shipping line",
        (
            "The competition office fined Halvorsen Shipping 4 million crowns for fixing freight rates. "
            "The line said that it would appeal."
        ),
    ),
    (
        "dairy",
        "2012-02-20",
        "Court punishes dairy",
        (
            "A court in Orlava fined the dairy Melk 90,000 crowns for watering its milk. Two inspectors "
            "had tested bottles from eleven shops."
        ),
    ),
    (
        "steel",
        "2006-05-09",
        "Steel exports rise",
        (
            "Steel exports from Westmark rose by 8 percent to 1.2 million tonnes, the ministry of trade "
            "said. Most of it went by rail to the south."
        ),
    ),
    (
        "mine",
        "2010-10-01",
        "Fire ends mining at Brenna",
        ("The coal mine at Brenna was closed after a fire killed three miners. The shafts will be flooded."),
    ),
    (
        "mill",
        "2015-03-18",
        "Paper mill shuts",
        (
            "The paper mill at Lund was closed, and 340 people lost their jobs. The owner blamed the "
            "price of wood."
        ),
    ),
    (
        "orlava-dark",
        "2009-01-22",
        "Six hours without light",
        (
            "A power cut darkened Orlava for six hours. A transformer at Kesten had failed, the grid "
            "company said."
        ),
    ),
    (
        "torvik-dark",
        "2016-08-30",
        "Two days without light",
        (
            "A power cut darkened Torvik for two days. Lightning had struck the line from Brenna, the "
            "grid company said."
        ),
    ),
    (
        "premier",
        "2011-07-07",
        "Government falls over railway",
        (
            "Prime Minister Ilse Marr resigned over the sale of the state railway. Parliament will vote "
            "for her successor within ten days."
        ),
    ),
    (
        "tractors",
        "2014-12-01",
        "Tractors on the bridge",
        (
            "Farmers blocked the bridge at Kesten with tractors in protest at the price of milk. The "
            "police let them stay until the evening."
        ),
    ),
    (
        "sword",
        "2007-03-15",
        "Museum buys sword",
        ("The museum of Torvik bought a Viking sword for 70,000 crowns. A farmer had found it in 1931."),
    ),
    (
        "seals",
        "2013-09-09",
        "Fewer seals",
        ("Scientists counted 214 seals on the skerries off Torvik. They blame the nets of the cod fishers."),
    ),
    (
        "smugglers",
        "2019-04-25",
        "Boat sinks off Orlava",
        (
            "Two smugglers drowned when their boat sank off Orlava. The coast guard found 300 cartons "
            "of cigarettes."
        ),
    ),
    (
        "agathe",
        "2003-02-11",
        "Ferry aground",
        "The ferry Agathe ran aground in fog outside Orlava. All 88 passengers were rescued.",
    ),
    (
        "memorial",
        "2017-05-05",
        "Memorial for the dead of the Sigrid",
        (
            "In 1999, the ferry Sigrid ran aground off Torvik, and twelve people died. A memorial of "
            "granite was unveiled on Friday."
        ),
    ),
    (
        "wheat",
        "2005-06-30",
        "Poor harvest",
        (
            "The price of wheat doubled in Westmark after hail destroyed a third of the harvest. Bakers "
            "asked for help."
        ),
    ),
    (
        "ivory",
        "2020-01-15",
        "Ivory found in a container",
        ("Customs officers seized 40 kilos of ivory in the port of Orlava. It was hidden under frozen fish."),
    ),
    (
        "bakery",
        "",
        "The bakery at the corner",
        "The bakery Brod burned down in 2002. Its owner, Karl Brod, rebuilt it within a year.",
    ),
)
# Earlier question if any, question, the document that answers it or none.
QUESTIONS = (
    ("", "Which factory was stripped of its metal since 2007?", "scrap"),
    ("", "Which factory was stripped of its metal in 2008?", "scrap"),
    ("", "Which factory was stripped of its metal before 2006?", ""),
    ("", "How many workers were arrested since 2007?", "scrap"),
    ("", "Who was arrested before 2006?", "broker"),
    ("", "Who was arrested in 2004?", "broker"),
    ("", "Who was arrested in 2013?", ""),
    ("", "Who was fined since 2018?", "cartel"),
    ("", "Who was fined before 2015?", "dairy"),
    ("", "Who was fined in 2012?", "dairy"),
    ("", "Who was fined in 2005?", ""),
    ("", "Which mine was closed before 2012?", "mine"),
    ("", "What was closed since 2014?", "mill"),
    ("", "What was closed before 2014?", "mine"),
    ("", "What did the port of Orlava open in 2008?", "terminal"),
    ("", "What happened at the port of Orlava since 2019?", "ivory"),
    ("", "What caused the power cut in Torvik in August 2016?", "torvik-dark"),
    ("", "What failed in the power cut in Orlava in January 2009?", "orlava-dark"),
    ("", "Who resigned in 2011?", "premier"),
    ("", "Which port director resigned in September 2008?", "terminal"),
    ("", "Why did farmers block the bridge at Kesten in December 2014?", "tractors"),
    ("", "How many seals were counted off Torvik since 2010?", "seals"),
    ("", "How many seals were counted off Torvik in 2006?", ""),
    ("", "Which ferry ran aground in 2003?", "agathe"),
    ("", "Which ferry ran aground in 1999?", "memorial"),
    ("", "Which ferry ran aground since 2005?", ""),
    ("", "What was seized in 2020?", "ivory"),
    ("", "What was seized before 2010?", ""),
    ("", "By how much did steel exports rise between 2005 and 2007?", "steel"),
    ("", "Which bakery burned down in 2002?", "bakery"),
    ("", "Which bakery burned down since 2010?", ""),
    ("Who was fined in 2012?", "And since 2018?", "cartel"),
    ("Which ferry ran aground in 2003?", "How many of its passengers were rescued?", "agathe"),
    ("What caused the power cut in January 2009?", "And in August 2016?", "torvik-dark"),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("dated")
    file = folder / "dated.jsonl"
    lines = (
        {"_id": name, "title": title, "text": text, **({"date": date} if date else {})}
        for name, date, title, text in DOCUMENTS
    )
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with Corpus.open(folder / "library") as opened:
        opened.index(file)
        yield opened


def test_with_the_preference_ignored_a_passage_must_say_the_time(corpus: Corpus) -> None:
    question = "Which factory was stripped of its metal since 2007?"
    whole, ignored = corpus.ask(question), corpus.ask(question, dates="ignore")
    assert whole.confidence == pytest.approx(
        corpus.ask(question.replace(" since 2007", "")).confidence, abs=0.05
    )
    assert ignored.confidence < whole.confidence / 2
    assert ignored.outcome == "weak"


def test_that_a_passage_stands_out_counts_only_for_one_of_the_time_that_is_asked_for(corpus: Corpus) -> None:
    seals = "How many seals were counted off Torvik"
    of_time, of_another = corpus.ask(f"{seals} since 2010?").signals, corpus.ask(f"{seals} in 2006?").signals
    assert of_time
    assert of_another
    assert of_time.lead > 0.1
    assert of_another.lead == 0


@pytest.mark.parametrize(("earlier", "question", "document"), QUESTIONS)
def test_a_question_with_a_time_is_answered_from_a_document_of_that_time(
    corpus: Corpus, earlier: str, question: str, document: str
) -> None:
    answer = corpus.ask(question, [earlier] if earlier else [])
    assert answer.preference
    found = answer.quotes[0].document.id if answer.outcome == "answered" else ""
    assert found == document, (answer.outcome, answer.confidence)
