"""Korean and Chinese text: cut, measured, searched, filtered and quoted as English is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa.storage.file_index.full_text
from qa import Corpus
from qa.asking import confidence
from qa.document.segment import MOST_SENTENCE_WORDS, passages, sentences
from qa.document.window import legible
from qa.errors import ModelError
from qa.schema import Document, Filters
from qa.text.phrase import occurrences, phrase_pattern
from qa.text.terms import content_words, indexed, is_in_latin, is_latin, is_only_latin, measure
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KOREAN = [
    "양강도 갑산군과 혜산시를 잇는 도로에서 고철 6.5톤을 싣고 가던 밀수꾼들이 체포되었다.",
    "소식통은 “중앙에서 단속 지시가 내려왔다.”고 말했다.",
    "“왜 공장이 비었는가?”라고 주민들은 물었다.",
    "비료공장에는 벽만 남았다!",
    "국경경비대는 압록강을 건너는 사람들을 지켜보고 있다…",
    "그들은 뇌물을 받았다.",
]
CHINESE = [
    "两江道甲山郡与惠山市之间的公路上，六人因运输1.5吨废铁被捕。",
    "消息人士说：“中央在三月初下达了命令。警方仍在调查。”",
    "“工厂只剩下墙壁。”一名居民说。",
    "边防部队为什么不阻止走私？",
    "他们收受了贿赂！",
    "《每日北韩》报道说，鸭绿江沿岸的士兵用军车运送废铁……然后在长白出售。",
]
ENGLISH = "Residents of Hyesan carried scrap metal across the Yalu River and sold it in Changbai."


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(Document(id="x", text=text))]


def test_korean_is_cut_into_whole_sentences_with_their_quotations_and_speakers() -> None:
    assert cut(" ".join(KOREAN)) == KOREAN


def test_chinese_is_cut_into_whole_sentences_with_their_quotations_and_speakers() -> None:
    assert cut("".join(CHINESE)) == CHINESE


def test_japanese_is_cut_too() -> None:
    assert cut("「終わった。」と彼は言った。次の文です。") == ["「終わった。」と彼は言った。", "次の文です。"]


def test_a_chinese_paragraph_is_no_heading_and_its_passages_have_the_size_of_others() -> None:
    text = "".join(CHINESE) * 20
    document = Document(id="x", text=text, language="zh")
    found = passages(document)
    assert "".join(text[each.start : each.end] for each in found) == text
    assert all(45 <= measure(text[each.start : each.end]) <= 135 for each in found)
    assert {sentence.kind for each in found for sentence in each.sentences} == {"body"}


def test_a_chinese_sentence_without_end_comes_in_pieces_that_a_model_can_read() -> None:
    text = "边防部队" * 500
    assert "".join(cut(text)) == text
    assert all(measure(piece) <= MOST_SENTENCE_WORDS for piece in cut(text))


@pytest.mark.parametrize("text", [ENGLISH, "naïve café, 3.5 % — “so”", "", "  \n"])
def test_other_scripts_are_measured_and_indexed_as_they_were(text: str) -> None:
    assert indexed(text) == text
    assert measure(text) == len(text.split())


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        (ENGLISH, True),
        ("naïve Ｙａｌｕ, α", True),
        ("1.5 %?", True),
        ("谁 is X?", True),
        (KOREAN[0], False),
        ("Ялу?", False),
    ],
)
def test_most_letters_say_whether_a_text_is_in_latin_script(text: str, latin: bool) -> None:
    assert is_latin(text) == latin


@pytest.mark.parametrize(
    "text",
    [ENGLISH, "naïve Ｙａｌｕ", "Łódź, Đà Nẵng, ﬁne", KOREAN[0], "Ялу?", "α", "1.5 %", "谁 is X?", "ǅ ʼn"],
)
def test_a_text_of_only_latin_letters_is_told_quickly_and_never_wrongly(text: str) -> None:
    letters = [letter for letter in text if letter.isalpha()]
    assert not is_only_latin(text) or all(map(is_latin, letters))
    assert is_only_latin(text) == all(map(is_latin, letters))


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("What does β-carotene do?", True),
        ("How naïve was it?", True),
        ("In 2008?", True),
        ("Who guards the 압록강?", False),
        ("Who is Иван?", False),
        ("谁收受了贿赂？", False),
    ],
)
def test_a_question_with_a_word_in_another_script_is_not_in_latin_script(question: str, read: bool) -> None:
    assert is_in_latin(question) == read


def test_of_a_passage_in_two_scripts_the_sentences_in_latin_script_are_legible() -> None:
    text = f"{ENGLISH} {KOREAN[0]} It was 6.5 tonnes. {KOREAN[3]}\n\n- 3 -\n"
    (passage,) = passages(Document(id="x", text=text))
    read = [text[each.start : each.end] for each in legible(text, passage.sentences)]
    assert read == [ENGLISH, "It was 6.5 tonnes.", "- 3 -"]


def test_of_a_passage_in_another_script_nothing_is_legible_nor_its_bare_numbers() -> None:
    text = f"{' '.join(KOREAN)}\n\n- 3 -\n\n2008\n"
    (passage,) = passages(Document(id="x", text=text))
    assert legible(text, passage.sentences) == ()


def test_a_corpus_tells_the_passages_of_which_something_is_legible(corpus: Corpus, tmp_path: Path) -> None:
    write(tmp_path, "in/mixed.txt", f"{ENGLISH} {KOREAN[0]}\n")
    corpus.index(tmp_path / "in")
    hits = corpus.store.hits(
        each.key
        for name in ("ko.txt", "zh.txt", "en.txt", "mixed.txt")
        for each in corpus.store.passages_of(name)
    )
    for _ in range(2):  # what is known is kept
        assert {hits[key].document_id for key in corpus.store.legible(hits.values())} == {
            "en.txt",
            "mixed.txt",
        }
    corpus.remove(["mixed.txt"])
    assert {hits[key].document_id for key in corpus.store.legible(hits.values())} == {"en.txt"}


@given(st.text(st.sampled_from("鸭绿江가나다aB.。 \n”“…「」んカ々\u1100\u1161"), max_size=80))
def test_whatever_the_script_passages_tile_and_sentences_hold_all_but_space(text: str) -> None:
    document = Document(id="x", text=text)
    assert "".join(text[each.start : each.end] for each in passages(document)) == text
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


def test_runs_are_pairs_of_characters_and_what_stands_beside_them_is_apart() -> None:
    assert indexed("2008년 鸭绿江 DPRK는").split() == ["2008", "년", "鸭绿", "绿江", "DPRK", "는"]
    decomposed = "\u1100\u1161\u1100\u1161"  # 가가 as some systems write it
    assert indexed(decomposed).split() == ["가가"]
    asked = content_words("압록강은 어디에서 건너는가?")
    assert asked == ["압록", "록강", "강은", "디에", "에서", "건너", "너는", "는가"]
    assert "什么" not in content_words("士兵出售了什么？")


def test_a_phrase_is_found_inside_a_run_and_before_a_particle() -> None:
    text = "DPRK는 鸭绿江沿岸"
    for phrase, where in (("绿江沿", (7, 10)), ("DPRK", (0, 4)), ("는", (4, 5)), ("PRK", None)):
        pattern = phrase_pattern(phrase)
        assert pattern
        assert [(span.start, span.end) for span in occurrences(pattern, text)] == ([where] if where else [])


@pytest.fixture(params=["fts5", "postings"])
def corpus(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Corpus]:
    if request.param == "postings":
        monkeypatch.setattr(qa.storage.file_index.full_text, "FTS5_UP_TO", 1)
    for name, text in {"ko.txt": " ".join(KOREAN), "zh.txt": "".join(CHINESE), "en.txt": ENGLISH}.items():
        write(tmp_path, f"in/{name}", text + "\n")
    with tiny_corpus(tmp_path / "library") as opened:
        opened.index(tmp_path / "in")
        assert any((tmp_path / "library").glob("words-*.bin")) == (request.param == "postings")
        yield opened


@pytest.mark.parametrize(
    ("word", "document"),
    [
        ("압록강", "ko.txt"),
        ("록강", "ko.txt"),
        ("경비대", "ko.txt"),
        ("废铁", "zh.txt"),
        ("长白", "zh.txt"),
        ("贿赂", "zh.txt"),
        ("Yalu", "en.txt"),
    ],
)
def test_full_text_finds_words_inside_runs(corpus: Corpus, word: str, document: str) -> None:
    found = corpus.store.matching([content_words(word)], 10, corpus.store.select())[0]
    assert {hit.document_id for hit, _ in found} == {document}


def test_phrases_are_found_in_each_language(corpus: Corpus) -> None:
    for phrase, document in (
        ("압록강을 건너는", "ko.txt"),
        ("록강을 건", "ko.txt"),
        ("边防部队", "zh.txt"),
        ("墙", "zh.txt"),
        ("Yalu River", "en.txt"),
    ):
        (place,) = corpus.store.phrase(phrase, corpus.store.select()).places
        assert place.document_id == document
        assert corpus.document(document).text[place.span.start : place.span.end] == phrase
    assert not corpus.store.phrase("강압록", corpus.store.select()).places


def test_the_language_filter_leaves_the_documents_of_a_language(tmp_path: Path) -> None:
    texts = {"ko": " ".join(KOREAN), "zh": "".join(CHINESE), "en": ENGLISH}
    lines = [json.dumps({"_id": name, "text": text, "language": name}) for name, text in texts.items()]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "records.jsonl", "\n".join(lines)))
        asked = content_words("압록강 废铁 scrap")
        for language in texts:
            selection = corpus.store.select(Filters(language=language))
            found = corpus.store.matching([asked], 10, selection)[0]
            assert {hit.document_id for hit, _ in found} == {language}


def test_what_went_in_comes_out_when_a_document_is_replaced_or_removed(
    corpus: Corpus, tmp_path: Path
) -> None:
    corpus.index(write(tmp_path, "in/ko.txt", "두만강은 얼었다.\n"))
    corpus.remove(["zh.txt"])
    assert not corpus.store.matching([content_words("압록강")], 10, corpus.store.select())[0]
    assert not corpus.store.matching([content_words("废铁")], 10, corpus.store.select())[0]
    assert corpus.store.matching([content_words("두만강")], 10, corpus.store.select())[0]
    corpus.close()
    assert problems(tmp_path / "library") == []


# With the models


@pytest.mark.models
def test_the_english_reader_quotes_other_languages_verbatim_and_does_not_claim_to_understand(
    tmp_path: Path,
) -> None:
    texts = {"ko": " ".join(KOREAN), "zh": "".join(CHINESE)}
    for language, text in texts.items():
        write(tmp_path, f"in/{language}.txt", text + "\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "in")
        for question in (
            "압록강을 건너는 사람들을 누가 지켜보고 있는가?",
            "谁收受了贿赂？",
            "인공위성은 언제 발사되었는가?",  # which they do not say
            "Who watches the people who cross the 압록강?",
            "Кто следит за людьми у реки Ялу?",
        ):
            for strictness in (confidence.LOOSEST, confidence.STRICTEST):
                answer = corpus.ask(question, strictness=strictness)
                assert answer.outcome in {"weak", "none"}
                assert (answer.confidence, answer.calibrated) == (0, False)
            assert any("knows only English" in note for note in answer.notes)
            assert answer.passages
            for quote in answer.quotes:
                assert quote.text in texts[quote.document.id.removesuffix(".txt")]
        exact = corpus.ask("“边防部队”")
        assert (exact.outcome, exact.confidence, exact.calibrated) == ("answered", 1, True)
        assert [quote.text for quote in exact.quotes] == [CHINESE[3]]


@pytest.mark.models
def test_a_named_cross_encoder_reads_and_says_that_its_outcome_is_a_guess(tmp_path: Path) -> None:
    """A tiny one with random weights: no multilingual one is at hand, and any has these parts."""
    from sentence_transformers import CrossEncoder
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    texts = {"ko": " ".join(KOREAN), "zh": "".join(CHINESE)}
    letters = sorted(set("".join(texts.values())) | {f"##{letter}" for letter in "".join(texts.values())})
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = write(tmp_path, "vocab.txt", "\n".join([*marks, *letters]))
    config = BertConfig(
        vocab_size=len(marks) + len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path / "model")
    BertTokenizerFast(
        tokenizer_object=BertWordPieceTokenizer(str(vocabulary), lowercase=False)._tokenizer
    ).save_pretrained(tmp_path / "model")
    name = str(tmp_path / "model")
    assert CrossEncoder(name).predict([("누가", texts["ko"])]).shape == (1,)

    for language, text in texts.items():
        write(tmp_path, f"in/{language}.txt", text + "\n")
    with tiny_corpus(tmp_path / "library", reader=name) as corpus:
        corpus.index(tmp_path / "in")
        answer = corpus.ask("압록강을 건너는 사람들을 누가 지켜보고 있는가?")
        assert corpus.answerer().reader == name
        assert answer.read == 2
        assert f"Read by {name}" in answer.notes[-1]
        assert not answer.calibrated
        for quote in answer.quotes:
            assert quote.text in texts[quote.document.id.removesuffix(".txt")]


def test_a_reader_that_is_no_model_is_named(tmp_path: Path) -> None:
    with (
        tiny_corpus(tmp_path / "library", reader=str(tmp_path / "none")) as corpus,
        pytest.raises(ModelError, match="none"),
    ):
        corpus.ask("What was sold?")
