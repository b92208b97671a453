from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import sentences
from qa.formats.reading import read_path
from qa.quoting.speaker import said_by, speaker_of, speaker_to_dict
from qa.schema import Document, Quote

SEEDS = Path(__file__).parents[3] / "seeds"
NEWS = Path(__file__).parents[2] / "suites/news/corpus.jsonl"
# Every sentence of the news suite in which the grammar found somebody, each read by hand: all are right.
MARKED = Path(__file__).with_name("speakers.jsonl")


# The last sentence of each text, and who speaks in it.
HARD = [
    ("The minister falsely said that the mine was safe.", ""),
    ("“Go,” said Berg. “Why?”", ""),
    ("The owners lied, said Anna Berg.", "Anna Berg"),
    ("Some 40 miners, say, left.", ""),
    ("Anna Berg, 58, said Stone was a liar.", "Anna Berg, 58"),
    ("Anna Kelly said that it was safe.", "Anna Kelly"),
    ("The National Assembly said it would meet today.", "the National Assembly"),
    ("Ministers from Italy said the mine was safe.", "Ministers from Italy"),
    ("Prime Minister Sanna Reilly said the mine was safe.", "Prime Minister Sanna Reilly"),
    ('President Joly said: "The mine is safe."', "President Joly"),
    ("The state-run China Daily reported that it was safe.", ""),
    ("Scotland First said the mine was safe.", "Scotland First"),
    ("A lawyer for the victim said the mine was shut.\n\nThe victim said that nothing moved.", "the victim"),
    ("Anna Berg said her brother Max had lied. He said the mine was safe.", ""),
    ("“Did you go?” the judge asked Stone. “No,” Stone said. “Were you paid?” “Yes.”", ""),
    ('"It is safe," said Anna Berg. "No, it is not." Paul Stone interrupted her.', ""),
    ("“Go,” said Berg. “Never!” Stone shouted.", ""),
    ("“Go,” said Berg. “Why?” “Because.”", ""),
    ("“Go,” said Berg, and then Stone: “Why?”", ""),
    ('Labour\'s Stone: "The mine is safe," Berg: "No," said Reid.', ""),
    ('"It is safe," said Mr. Stone.', "Mr. Stone"),
    ('"It is safe," said Dr. Anna Berg, a miner.', "Dr. Anna Berg, a miner"),
    ('"It is safe," said Lt. Gen. Paul Stone, who left.', "Lt. Gen. Paul Stone"),
    ('"It is safe," said J. R. Stone.', "J. R. Stone"),
    ('"It is safe," said U.S. Steel.', "U.S. Steel"),
    ('"It is safe," said the U.S. embassy.', ""),
    ('"It is safe," said the last miner.', "the last miner"),
    ('"It is safe," said the Today programme.', ""),
    ('"It is safe," said the ministry of health and welfare.', "the ministry of health and welfare"),
    ('"It is safe," said Berg quietly.', ""),
    ('"It is safe," said Berg laughing.', ""),
    ('"It is safe," says the leaflet handed out by Berg.', ""),
    ("The minister hardly said that the mine was safe.", ""),
    ("Anna Berg rarely said the mine was safe.", ""),
    ('"It is safe," Stone allegedly wrote.', ""),
    ("Anna Berg falsely said the mine was safe.", ""),
    ("The mine is safe. Not according to Stone.", ""),
    ("Anna Berg doubted what Stone said: the mine was safe.", ""),
    ("Contrary to what Stone said, the mine is not safe.", ""),
    ("The last time Stone said the mine was safe, it fell.", ""),
    ("The letter Stone said was forged is gone.", ""),
    ("Three mines Stone said were safe have collapsed.", ""),
    ("All Stone said was that it fell.", ""),
    ("Jurors heard Stone said that it fell.", ""),
    ("Once Stone said that it fell, all left.", ""),
    ('"It is safe," said the man Anna Berg called a liar.', ""),
    ("The clock said ten.", ""),
    ("Few said that it fell.", ""),
    ("Stone said the mine was safe; it had in fact collapsed in 2003.", ""),
    ("Stone said the mine was safe, but it had collapsed in 2003.", ""),
    ("Stone said the mine was safe, though inspectors found cracks in 2003.", ""),
    ("The mine is safe, Stone said, but a commission found that it is not.", ""),
    ("Theresa May said the mine was safe.", "Theresa May"),
    ("On Monday Theresa May said the mine was safe.", "Theresa May"),
    ("A U.N. official said the mine was safe.", "a U.N. official"),
    ('"It is safe," Stone said. "So Berg said it was safe." "No."', ""),
    ('12" of rain fell, Stone said: "It is safe."', ""),
    ("It was what Stone said.", ""),
    ("If Stone said the mine was safe, he lied.", ""),
    ("Did Stone say the mine was safe?", ""),
    ("Had Stone said that the mine was safe, all would know.", ""),
    ("Stone would have said that it was safe.", ""),
    ("The report Berg wrote said the mine was safe.", ""),
]


def document(text: str, language: str = "en") -> Document:
    return Document("brief.txt", text, title="txt", publisher="brief.txt", language=language)


def said(text: str, words: str = "") -> str:
    """Who speaks in the sentence of the text that has the words."""
    whole = document(text)
    found = [each for each in sentences(whole) if words in text[each.start : each.end]]
    return said_by(Quote(whole, found[0].start, found[0].end))


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ('"The mill is shut," said Ada Orr, a baker, on Monday.', "Ada Orr, a baker"),
        ("“The mill is shut,” Orr told reporters in Leith.", "Orr"),
        ("“The mill is shut” – Orr said so.", ""),
        ("The mill is shut, the harbour office said on Monday.", "the harbour office"),
        ("The mill is shut, said engineer Ada Orr.", "engineer Ada Orr"),
        ("According to the harbour office, the mill is shut.", "the harbour office"),
        ("The mill is shut, according to a note of the harbour office.", "a note of the harbour office"),
        ("On Monday the harbour office said that the mill was shut.", "the harbour office"),
        ("The captain, Ada Orr, warned that the mill was shut.", "the captain, Ada Orr"),
        ("Ada Orr, who left in 2016, said the mill was shut.", "Ada Orr"),
        ("Ada Orr, 58, quoted by Reuters, wrote: “The mill is shut.”", "Ada Orr, 58"),
        ("In a letter to the mayor, Orr wrote that the mill was shut.", "Orr"),
        ("The Herald quoted a miller as saying that the mill was shut.", "a miller, quoted by the Herald"),
        ("According to Ada Orr, a book written in 1999 names the guards.", "Ada Orr"),
        ("Ada Orr said the letter written in May was false.", "Ada Orr"),
        ("Ada Orr said in a note written on Monday that the port closed.", "Ada Orr"),
        ("Ada Orr said that Kim believed that the port was shut.", "Ada Orr"),
        ("Ada Orr said that the storm predicted for May had come.", "Ada Orr"),
        ("Ada Orr said that the office predicts a storm.", "Ada Orr"),
        # nobody, or nobody with a name
        ("The letter written that spring: “We left the port.”", ""),
        ("The mill is shut.", ""),
        ("He said the mill was shut.", ""),
        ("Ada Orr did not say that the mill was shut.", ""),
        ("Nobody said that the mill was shut.", ""),
        ("The mill is said to be shut.", ""),
        ("The mill was shut according to plan.", ""),
        ("According to her, the mill is shut.", ""),
        ("Edward Said taught in New York.", ""),
        ("The claims of both states, and the notes of the meeting, are kept.", ""),
        ("The mill shut in May, and the manager said it would open again.", ""),
        ("Orr said the mill was shut, but Reid says it never was.", ""),
        ("Orr said the mill was shut, and a paper reported that it was open.", ""),
    ],
)
def test_a_speaker_is_whom_the_sentence_names(text: str, speaker: str) -> None:
    assert said(text) == speaker


def test_a_quotation_of_several_sentences_has_the_speaker_beside_it() -> None:
    text = '"The mill is shut. Nothing moves," said Ada Orr. "We wait. It rains."\n\n"It is open," he said.'
    assert said(text, "The mill") == "Ada Orr"
    assert said(text, "We wait") == "Ada Orr"
    assert said(text, "It is open") == ""


def test_he_or_she_is_nobody() -> None:
    assert said("Ada Orr said the mill was shut. She said that nothing moved.", "She said") == ""


@pytest.mark.parametrize(("text", "speaker"), HARD)
def test_a_wrong_speaker_is_worse_than_none(text: str, speaker: str) -> None:
    whole = document(text)
    last = sentences(whole)[-1]
    assert said_by(Quote(whole, last.start, last.end)) == speaker


def test_of_two_sources_nobody_knows_which_the_source_is() -> None:
    first = "A source in Seoul said the mine was shut.\n\n"
    assert said(first + "The source said that nothing moved.", "moved") == "a source in Seoul"
    assert (
        said(first + "Another source disagreed.\n\nThe source said that nothing moved.", "moved")
        == "the source"
    )


def test_an_unpaired_mark_makes_no_quotation() -> None:
    text = '12" of rain fell. "It is safe," said Ada Orr. "Nothing moves," said Max Reid.'
    assert {said(text, words) for words in ("12", "It is", "Nothing")} == {""}


def test_the_source_is_the_one_that_was_named_before() -> None:
    (brief,) = read_path(SEEDS / "ifes-nk-brief-08-4-4-1-scrap-metal-smuggling.txt")
    text = brief.text
    spoken = {
        text[each.start : each.start + 30]: said_by(Quote(brief, each.start, each.end))
        for each in sentences(brief)
    }
    assert {start: who for start, who in spoken.items() if who} == {
        "On April 1, the Daily NK quote": "a source inside North Korea, quoted by the Daily NK",
        "According to the source, “An o": "a source inside North Korea, quoted by the Daily NK",
        "The source went on to report t": "a source inside North Korea, quoted by the Daily NK",
    }


def test_speakers_of_the_news_are_those_that_were_marked_by_hand() -> None:
    texts = {entry["_id"]: entry["text"] for entry in map(json.loads, NEWS.open(encoding="utf-8"))}
    marked = {
        (name, start, end): speaker
        for name, start, end, speaker in map(json.loads, MARKED.open(encoding="utf-8"))
    }
    found = {}
    for name, text in texts.items():
        whole = document(text)
        for each in sentences(whole):
            if each.quotable and (speaker := speaker_of(whole, each.start, each.end)):
                found[name, each.start, each.end] = text[speaker.name.start : speaker.name.end]
    assert {place: who for place, who in found.items() if marked.get(place) != who} == {}
    assert len(marked.keys() - found.keys()) <= 4, "fewer are found than before"


def test_other_languages_are_left_alone() -> None:
    text = "Die Mühle, said Ada Orr, ist zu."
    assert speaker_of(document(text, "de"), 0, len(text)) is None


def test_in_json_a_speaker_is_a_slice() -> None:
    text = "The Herald quoted a miller as saying that the mill was shut."
    assert speaker_to_dict(Quote(document(text), 0, len(text))) == {
        "start": 18,
        "end": 26,
        "text": "a miller",
        "reported_by": {"start": 0, "end": 10, "text": "The Herald"},
    }


WORDS = st.sampled_from(
    [
        *"said “ ” , . : ; ( ) according to the a source he Orr and who quoted as saying that in 58".split(),
        '"',
        "\n\n",
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=40), st.data())
def test_whatever_the_words_a_speaker_lies_in_the_text(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    speaker = speaker_of(document(text), start, end)
    if speaker:
        assert text[speaker.name.start : speaker.name.end].strip()
        assert 0 <= speaker.name.start < speaker.name.end <= len(text)
