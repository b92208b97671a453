"""Choose the sentences of a document that may answer a question, because they state something.

A signature, a table of contents or "Read more" states nothing. A line that says what the document is (its
title, author, publisher, number, date or addressee) answers only a question that asks for just that.
Such lines are recognised by the document's metadata, where its format has them, and otherwise by their form
(docs/decisions/0011-quotes.md).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Literal, get_args

from qa.document.furniture import is_furniture
from qa.text.about import asked_of_document
from qa.text.terms import measure, words
from qa.text.written_dates import find_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Document, Sentence
    from qa.text import about
    from qa.text.question import ParsedQuestion

# Facts about a document that a question may ask for. "contact": how to reach someone, and the role of
# someone who signed.
Field = Literal["title", "author", "publisher", "number", "date", "contact", "addressee"]
ALL_FIELDS: frozenset[Field] = frozenset(get_args(Field))
NOTHING: frozenset[Field] = frozenset()

# For each fact that a question asks for, the kinds of lines that name it.
_NAMED_BY: dict[about.Field, tuple[Field, ...]] = {
    "author": ("author",),
    "sender": ("author", "publisher"),
    "addressee": ("addressee",),
    "publisher": ("publisher",),
    "series": ("number", "publisher"),
    "number": ("number",),
    "title": ("title",),
    "date": ("date",),
    "place": ("contact", "date"),
}

# Questions

_DOCUMENT = (
    r"(?:(?:news )?(?:brief(?:ing)?|report|document|paper|article|bulletin|memo(?:randum)?|note|issue|edition"
    r"|piece|text|letter|publication|story|study|newsletter|release|post|minutes|dispatch|analysis|review"
    r"|update|sitrep|circular|digest|statement|source|file)s?|e-?mails?|messages?|web ?page)"
)
_THIS = (
    rf"(?:(?:this|that|the|your|each|which|what|said) (?:[\w’'-]{{1,30}} ){{0,2}}{_DOCUMENT}|it|this|that)"
)
_PUBLISH = (
    r"(?:publish(?:ed|es|ing)?|issue[sd]?|issuing|release[sd]?|releasing|put(?:ting|s)? out|brought out"
    r"|bring(?:s|ing)? out|produce[sd]?|producing|circulate[sd]?|distribute[sd]?)"
)
_WRITE = (
    r"(?:wr(?:ite|ites|ote|itten)|author(?:ed|s)?|draft(?:ed|s)?|compiled?|prepared?|signed?|sen[dt]|edited)"
)
_WHEN = r"(?:when|(?:what|which)(?: \w{1,20})? (?:date|day|month|year)|date|day|month|year)"
_ASKS_FOR: dict[Field, tuple[str, ...]] = {
    "title": (
        r"\b(?:title[sd]?|headlines?|heading)\b",
        rf"\b{_THIS} (?:called|named|about)\b",
        rf"\b(?:is|are|was) {_THIS} about\b",
        rf"\b(?:subject|topic|theme|name) of {_THIS}\b",
    ),
    "author": (
        r"\b(?:authors?|authored|authorship|by-?line|correspondent|sender)\b",
        rf"\b{_WRITE} {_THIS}\b",
        rf"\b{_THIS} (?:was |is )?(?:written|drafted|compiled|prepared|signed|sent)\b",
    ),
    "publisher": (
        r"\bpublishe(?:rs?|s)\b",
        r"\b(?:issuing|publishing) \w",
        (
            r"\b(?:who(?:m|se)?|which|what)\b(?! (?:date|day|month|year)).{0,40}"
            rf"\b{_PUBLISH}\b.{{0,20}}\b{_THIS}\b"
        ),
        rf"\bput {_THIS} out\b",
        (
            r"\b(?:who|institut\w{1,4}|organi[sz]ation|outlet|agency|body|source)\b.{0,30}"
            rf"\b(?:behind|responsible for|of|from|for) {_THIS}\b"
        ),
        rf"\b(?:where|who|whom) (?:is|does|did|was) {_THIS}(?: come)? from\b",
    ),
    "number": (
        r"\b(?:serial|issue|reference|report|document|brief|edition|volume|series) (?:number|no\b|code|id\b)",
        rf"\b(?:number|no\.|reference|code) (?:of|on|for|given to) {_THIS}\b",
        r"\b(?:which|what) (?:issue|edition|volume|number)\W{0,3}$",
        r"\bseries\b|\bnumbered\b",
        rf"\b{_THIS}(?:['’]s)? (?:number|no\.|reference|code)\b",
        rf"\b(?:which|what) (?:issue|edition|volume|number) (?:is|was|does|has) {_THIS}\b",
    ),
    "date": (
        r"\bdates? of (?:the )?(?:issue|publication|release)\b",
        r"\b(?:publication|issue|release|issuing|publishing) (?:date|day|month|year)\b",
        rf"\bdates? (?:of|on|for|given (?:on|by|in)) {_THIS}\b",
        rf"\b{_THIS}(?:['’]s)? date\b",
        r"\bdated\b",
        rf"\bhow (?:old|recent|current|new) is {_THIS}\b",
        (
            rf"\b{_WHEN}\b.{{0,12}}\b{_THIS} (?:[\w.-]{{1,20}} ){{0,6}}"
            rf"(?:{_PUBLISH}|written|sent|dated|appear(?:ed)?|c[ao]me out|posted|printed|from)\b"
        ),
        rf"\b{_WHEN}\b.{{0,20}}\b(?:{_PUBLISH}|posted)\b.{{0,20}}\b{_THIS}\b",
    ),
    "contact": (
        r"\b(?:contact(?:ed|s)?|phone|telephone|fax|address|web ?site|url|job title|position|role|reach)\b",
    ),
}
_ASKS = {field: re.compile("|".join(patterns), re.IGNORECASE) for field, patterns in _ASKS_FOR.items()}
_ASKS_ALL = re.compile(
    r"\b(?:cit(?:e|ation|ing)|footnote|bibliograph\w|metadata|provenance)\b"
    rf"|\bwhat (?:is|are) {_THIS}\W{{0,3}}$",
    re.IGNORECASE,
)
_SPELLS_OUT = re.compile(
    r"\b(?:stands? for|acronym|abbreviation|initials|full (?:name|form)|expan(?:d|sion)|short for|in full)\b",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"\b[A-Z][A-Z&-]{0,20}[A-Z]\b")

# Lines

_NAME = r"[^\W\d_a-z][\w.’'-]{0,30}"
_SALUTATION = re.compile(
    r"(?:(?:dear|hi|hello|hey|greetings|good (?:morning|afternoon|day|evening)|to whom it may concern"
    r"|sehr geehrte[rsn]?|liebe[rs]?|hallo|guten (?:tag|morgen)|ch[eè]re?s?|bonjour|bonsoir|madame|monsieur"
    r"|mesdames|estimad[oa]s?|querid[oa]s?|hola|prezad[oa]s?|gentil[ei]|egregio|kjære|kære|hei|hej|geachte"
    r"|beste|szanown[aiy]|уважаем\w{2}|здравствуйте|добрый день"
    r"|존경하는|안녕하세요|안녕하십니까|친애하는)(?!\w)"
    r"|尊敬的|亲爱的|親愛的|您好|你好|拝啓|各位)(?P<whom>[^.?!:：,，]{0,50})(?P<end>[,，:：!！]?)",
    re.IGNORECASE,
)
# Names in a salutation without a mark at its end. Others could be a headline ("Dear leader visits mill").
_ADDRESSEE = re.compile(
    rf" ?(?i:all|everyone|everybody|team|colleagues|friends|members|sirs?|madam|sir or madam|there)"
    rf"| (?:(?i:mr|mrs|ms|dr|prof)\.? )?{_NAME}|"
)
_SIGN_OFF = re.compile(
    r"(?i:(?:with |and )?(?:my |our )?(?:very )?(?:best|kind|warm|kindest|warmest|many)"
    r"(?: (?:regards|wishes|thanks|greetings)(?: (?:to|from) (?:all|you|us all))?)?|(?:with )?regards|rgds"
    r"|yours(?: (?:sincerely|faithfully|truly|ever|respectfully))?|sincerely(?: yours)?"
    r"|(?:very )?respectfully(?: yours)?|cordially|cheers|all the best|take care|all best|see you(?: soon)?"
    r"|(?:many )?thank(?:s| you)(?: (?:again|in advance|very much|so much|a lot))?"
    r"(?: and (?:best|kind) regards)?"
    r"|(?:mit )?(?:freundlichen|besten|vielen|herzlichen|viele|liebe|beste) gr(?:ü|ue)(?:ß|ss)en?|mfg"
    r"|cordialement|bien (?:à vous|cordialement)|sincères salutations|salutations(?: distinguées)?"
    r"|(?:un )?saludos?(?: cordial(?:es)?)?|atentamente|atenciosamente|(?:cordiali|distinti) saluti"
    r"|(?:med )?vennlig hilsen|mvh|(?:med )?vänliga hälsningar|(?:met )?vriendelijke groet(?:en)?"
    r"|z poważaniem|с уважением|감사합니다|고맙습니다|\w{1,6} ?드림|\w{1,6} ?올림|此致|敬礼|敬上|谢谢|敬具)"
    rf"(?:[,，.!。！]{{0,2}}|[,，] {_NAME}(?: {_NAME}){{0,3}}\.?)"
)
_SIGNED_LINES, _SIGNED_WORDS = 8, 12  # of a signature, and words in each line, at most
# Labels of lines like "Label: value", by the field of the value. None: no question asks for the value.
# These labels have no other use.
_LABELS: dict[Field | None, tuple[str, ...]] = {
    "date": (r"last (?:updated|modified)|publication date|date of (?:issue|publication)",),
    "contact": (r"(?:media|press) contacts?|contact (?:details|person)",),
    "author": (
        r"authors?|author\(s\)|by-?line|作者",
        r"(?:written|prepared|compiled|edited|translated|reporting|editing|taken|kept) by",
    ),
    "publisher": (r"publisher|published by|issued by|herausgeber|éditeur|발행",),
    "addressee": (r"b?cc|cop(?:y|ies)(?: to)?|addressees?|recipients?",),
    "number": (r"document (?:id|no\.?|number)|(?:our |your )?ref|isbn|issn|doi",),
    None: (
        r"reply-to|message-id|keywords?|tags?|tagged|filed (?:under|in)|slug|permalink",
        r"(?:photo(?:graph)?s?|image|picture) (?:by|credits?)|see also|read (?:more|next|also)",
        r"related(?: \w{1,20})?|further reading|more from .{1,30}|share (?:this|on)",
    ),
}
# Labels that facts have, too ("Distribution: 40 tonnes of rice"). They count only next to other such lines.
_LABELS_IN_COMPANY: dict[Field | None, tuple[str, ...]] = {
    "date": (
        r"published(?: on)?|posted(?: on)?|sent|issued(?: on)?|updated(?: on)?|gesendet|envoyé|enviado",
    ),
    "author": (r"from|reported by|von|de|보낸 ?사람|发件人",),
    "title": (r"subject|re|fwd?|title|headline|betreff|objet|asunto|제목|主题|主題|件名",),
    "number": (r"issue|series|volume|edition|(?:our |your )?reference",),
    "contact": (
        r"e-?mail|tel(?:ephone)?|phone|fax|mobile|web(?: ?site)?|url|link|twitter|skype|whatsapp|telegram",
        r"contacts?|address",
    ),
    "addressee": (r"to|an|à|para|받는 ?사람|收件人",),
    None: (
        r"attachments?|importance",
        r"topics?|categor(?:y|ies)|language|classification|distribution|copyright|licen[cs]e|credits?",
        r"photo(?:graph)?s?|image|picture|share|more (?:on|about) .{1,30}|layout|draft",
    ),
}
# Labels that count only on top of a text. Further below, "Date: 4 April" is the date of an accident.
_LABELS_ON_TOP: dict[Field | None, tuple[str, ...]] = {
    "date": (r"dated?|datum|fecha|날짜|日期",),
    "author": (r"by|from|von|de|editors?|translators?|contributors?",),
    "title": (r"subject|re|betreff|objet|asunto",),
    "publisher": (r"source|agency|organi[sz]ation|institution",),
    "number": (r"number|no\.?|version|id",),
    "addressee": (r"to|an|à|para",),
    None: (r"topics?|attachments?",),
}


def _labelled_line(labels: dict[Field | None, tuple[str, ...]]) -> re.Pattern[str]:
    names = "|".join(f"(?P<{field or 'other'}>{'|'.join(wordings)})" for field, wordings in labels.items())
    return re.compile(rf"[\W_]{{0,3}}(?:{names})[*_]{{0,2}} ?[:：] ?(?P<value>.*)", re.IGNORECASE)


_LABELLED = _labelled_line(_LABELS)
_LABELLED_IN_COMPANY = _labelled_line(_LABELS_IN_COMPANY)
_LABELLED_ON_TOP = _labelled_line(_LABELS_ON_TOP)
_IDENTIFIER = re.compile(r"\b(?:ISSN|ISBN|DOI)\b")
_NUMBER_TO_CALL = re.compile(r"[\d ()+/.-]{7,30}")
_BYLINE = re.compile(
    r"(?:(?i:written|prepared|compiled|reported|edited|translated|reporting|editing|words|text|photos?|posted)"
    rf" )?(?i:by):? {_NAME}(?:(?:,? and|,)? (?:{_NAME}|de|del|der|van|von|bin|al|the|of)){{0,7}}"
)
_BEFORE_A_DATE = re.compile(rf"{_NAME}, ")  # a weekday or a place
_ENDS_AS_SENTENCE = re.compile(r"[.!?…。！？][”’\"'»)\]』」]{0,3}$")
_CONTENTS = re.compile(r"(?:\.{4}|(?:\. ){3}|…{2}|_{4}) ?(?:\d{1,4}|[ivxl]{1,7})$")
_PAGE = re.compile(
    r"[\W_]{0,5}(?:(?:page|p\.|seite|página|стр\.|第) ?)?(?:\d{1,4}|[ivxl]{1,6})"
    r"(?: ?(?:of|/|von|de|из) ?\d{1,4}| ?페이지| ?页)?[\W_]{0,5}",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"(?:\W{0,3}©|\(c\) ?\d{4}|copyright (?:©|\(c\)|\d{4})).{0,200}|.{0,120}\ball rights reserved\b.{0,40}",
    re.IGNORECASE,
)
# Invitations of a web page to its reader, in words that no text has, with or without a full stop.
_INVITATION = re.compile(
    r"[\W_]{0,5}(?:(?:read|see|learn|find out) more"
    r"(?: (?:about|on) [^,;:“”\"]{1,80}|\W{0,5}|[:»>→] ?.{0,100})"
    r"|(?:view|show|load|see) (?:all|more|next)\W{0,5}|read next\W{0,5}|discover more\W{0,5}"
    r"|(?:click|tap) here\b[^,;:“”\"]{0,100}"
    r"|(?:we use|this (?:web)?site uses|accept(?: all)?) cookies\b.{0,120}"
    r"|(?:skip|back|jump|return|go) to (?:the )?(?:(?:main )?(?:content|page|navigation|menu)"
    r"|top(?: of (?:the )?page)?|home(?: ?page)?)\W{0,5}"
    r"|(?:follow|like|find|join) us on \W?\w{1,20}\W{0,3}"
    r"|(?:sign up|subscribe|register|log in|sign in|donate)(?: (?:here|now|today|for free))\W{0,3}"
    r"|(?:sign up|subscribe|register|log in|sign in) (?:for|to) (?:our|the|your|a|an)? ?(?:[\w-]{1,20} ){0,2}"
    r"(?:newsletters?|e-?mails?|updates?|alerts?|account|bulletin)\W{0,3}"
    r"|share (?:this )?(?:on|via|by) \W?\w{1,20}\W{0,3}|(?:you (?:may|might)|readers) also (?:like|read)\b"
    r"[^,;:“”\"]{0,40}|most read|(?:privacy|cookie) policy\W{0,3}"
    r"|terms (?:of (?:use|service)|and conditions)\W{0,3})",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?i:home(?: ?page)?|start(?:seite)?|accueil|inicio|홈|首页)(?: ?[>›»→] ?[^>›»→]{1,60}){2,10}"
)
_LINK = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}")
_MARKDOWN_LINK = re.compile(r"\[(?P<text>[^\[\]]{0,200})\]\((?:https?://|www\.|mailto:|/|#)[^()\s]{0,300}\)")
_TELEPHONE = re.compile(r"(?:\+\d|\(0)[\d ()/.-]{6,20}\d")
_CONTACT_WORDS = 5  # at most, next to a telephone number, an e-mail address or a link
_SENTENCE_WORDS = 6  # a line with this many words and a full stop is a sentence, whatever its form
_MARKS = 10  # characters around a name that are not part of it, at most
_HEADING_WORDS = 4  # a heading of fewer words names a section, and states nothing
_LONGEST_NAME = 40  # characters
_LONGEST = 240  # characters of a line that is recognised by its form, at most
_TOP = 1_000  # a line on top starts within this many characters, with no sentence above it


def asked(question: ParsedQuestion, document: Document) -> frozenset[Field]:
    """Return the facts about a document that a question asks for; none for most questions.

    The document's title, series or publisher in the question counts as "this document". A question for the
    meaning of an acronym asks for publisher and author, because their names may spell it out.
    """
    series = rf"{re.escape(document.series)}(?:,? (?:No\.?|number|#)? ?[\w/-]{{1,20}}\d)?"
    text = question.text
    names = [
        (document.title, re.escape(document.title)),
        (document.series, series),
        (document.publisher, re.escape(document.publisher)),
    ]
    for name, pattern in names:
        if name.casefold() in text.casefold() and len(words(name)) > 1:
            text = re.sub(rf"[“\"‘«]?{pattern}[”\"’»]?", "this document", text, flags=re.IGNORECASE)
    return _asked(text)


@lru_cache(maxsize=100)
def _asked(question: str) -> frozenset[Field]:
    if _ASKS_ALL.search(question):
        return ALL_FIELDS
    fields: set[Field] = {field for field, pattern in _ASKS.items() if pattern.search(question)}
    fields |= naming(asked_of_document(question))
    if _SPELLS_OUT.search(question) and _ACRONYM.search(question):
        fields |= {"publisher", "author"}
    return frozenset(fields)


def naming(asked: Iterable[about.Field]) -> frozenset[Field]:
    """Return the fields of lines that name the facts asked of a document."""
    return frozenset(chain.from_iterable(_NAMED_BY[field] for field in asked))


def answering(
    question: ParsedQuestion, document: Document, sentences: Iterable[Sentence]
) -> tuple[Sentence, ...]:
    """Return the sentences of a document that may answer a question."""
    fields = asked(question, document)
    return tuple(
        sentence for sentence in sentences if sentence.quotable and may_answer(document, sentence, fields)
    )


def may_answer(document: Document, sentence: Sentence, fields: frozenset[Field]) -> bool:
    """Return whether a sentence states something, or names a field that is asked for."""
    line_fields = names_only(document, sentence)
    return line_fields is None or bool(line_fields & fields)


def names_only(document: Document, sentence: Sentence) -> frozenset[Field] | None:
    """Return the fields that a sentence names if it says nothing else, or None if it states something.

    A line that says nothing at all, such as "Read more", names no fields.
    """
    text = document.text[sentence.start : sentence.end]
    if sentence.kind == "header":
        return _named_in_header(document, text)
    if len(text) > _LONGEST:
        return None
    if fields := _known(document, text):
        return fields
    if sentence.kind == "heading" and _names_a_section(document, sentence, text):
        return NOTHING
    return _by_form(document, sentence, text)


def _named_in_header(document: Document, text: str) -> frozenset[Field]:
    """Return the fields that a line of the header names; all fields if they are not recognised."""
    date = find_date(text)
    undated = f"{text[: date.start]} {text[date.end :]}" if date else text
    values: tuple[tuple[Field, str], ...] = (
        ("title", document.title),
        *(("author", name) for name in document.author.split("; ")),
        ("publisher", document.publisher),
        ("number", document.number),
        ("number", document.series),
        ("contact", document.url),
    )
    fields = frozenset(field for field, value in values if value and value in undated)
    fields |= {"date"} if date and document.date else NOTHING
    fields |= {"number"} if _IDENTIFIER.search(text) else NOTHING
    return fields | (_labelled(" ".join(text.split()), on_top=True, in_company=True) or NOTHING) or ALL_FIELDS


def _known(document: Document, text: str) -> frozenset[Field]:
    """Return the fields of the metadata that a line repeats, if it has no other words."""
    fields: tuple[tuple[Field, str], ...] = (
        ("title", document.title),
        ("author", document.author),
        ("publisher", document.publisher),
        ("number", document.number),
        ("number", f"{document.series} {document.number}"),
    )
    repeated = {
        field
        for field, value in fields
        if value.strip() and len(text) <= len(value) + _MARKS and words(text) == words(value)
    }
    if document.format == "email" and len(text) <= _LONGEST_NAME and _is_a_sender(document, words(text)):
        repeated.add("author")
    return frozenset(repeated)


def _is_a_sender(document: Document, name: list[str]) -> bool:
    """Return whether these words are part of the name of someone who wrote a message in an e-mail."""
    senders = [document.author, *(section.name for section in document.sections if section.kind == "message")]
    return bool(name) and any(set(name) <= set(words(sender)) for sender in senders)


def _names_a_section(document: Document, sentence: Sentence, text: str) -> bool:
    """Return whether a heading only names the section below it, or asks a question."""
    if text.rstrip("”’\"')] ").endswith(("?", "？")):
        return True
    marked = text.startswith("#") or any(
        section.kind == "section" and section.start == sentence.start for section in document.sections
    )
    return marked and len(words(text)) < _HEADING_WORDS


def _by_form(document: Document, sentence: Sentence, text: str) -> frozenset[Field] | None:
    """Return the fields that a line names, judged by its form, or None if it states something."""
    line = " ".join(text.split())
    if _COPYRIGHT.fullmatch(line) or _INVITATION.fullmatch(line):
        return NOTHING
    if _ends_as_sentence(line) and measure(line) >= _SENTENCE_WORDS:
        return None
    if _is_salutation(line):
        return frozenset({"addressee"})
    if (
        is_furniture(line)
        or _SIGN_OFF.fullmatch(line)
        or _PAGE.fullmatch(line)
        or _CONTENTS.search(text)
        or _TRAIL.fullmatch(line)
        or _is_tags(line)
    ):
        return NOTHING
    if _BYLINE.fullmatch(line):
        return frozenset({"author"})
    if _is_contact(line):
        return frozenset({"contact"})
    labelled = _labelled(
        line,
        on_top=_is_on_top(document.text, sentence.start),
        in_company=_is_in_company(document.text, sentence),
    )
    if labelled is not None:
        return labelled
    dated = _BEFORE_A_DATE.sub("", line)
    if (date := find_date(dated)) and not words(f"{dated[: date.start]} {dated[date.end :]}"):
        return frozenset({"date"})
    if _is_signed(document.text, sentence, line):
        return frozenset({"author", "contact"})
    return None


def _is_salutation(line: str) -> bool:
    match = _SALUTATION.fullmatch(line)
    if match is None:
        return False
    if match["end"] in tuple("!！"):
        return measure(match["whom"]) <= 3
    return bool(match["end"]) or _ADDRESSEE.fullmatch(match["whom"]) is not None


def _is_contact(line: str) -> bool:
    """Return whether a line is an e-mail address, a telephone number or links, with few other words."""
    if _MARKDOWN_LINK.search(line):
        rest = _MARKDOWN_LINK.sub(" ", line)
        shown = _MARKDOWN_LINK.sub(r" \g<text> ", line)
        return not words(rest) or len(words(shown)) <= _CONTACT_WORDS
    rest = _TELEPHONE.sub(" ", _LINK.sub(" ", line))
    return rest != line and len(words(rest)) <= _CONTACT_WORDS


def _labelled(line: str, *, on_top: bool, in_company: bool) -> frozenset[Field] | None:
    """Return the fields that a line such as "Author: Anna Berg" names.

    Return None if the line is not of this form, or if its value is a sentence.
    """
    match = (
        _LABELLED.fullmatch(line)
        or (_LABELLED_IN_COMPANY.fullmatch(line) if in_company or _is_label_of_such(line) else None)
        or (_LABELLED_ON_TOP.fullmatch(line) if on_top else None)
    )
    if match is None or (_ends_as_sentence(line) and measure(match["value"]) >= 5):
        return None
    return frozenset(field for field in ALL_FIELDS if match.groupdict().get(field))


def _is_label_of_such(line: str) -> bool:
    """Return whether a label has a value of its kind: "Sent: 4 April, 9:12", or a number after "Phone"."""
    match = _LABELLED_IN_COMPANY.fullmatch(line)
    if match is None:
        return False
    value = match["value"]
    if match["contact"]:
        return _NUMBER_TO_CALL.fullmatch(value) is not None
    date = find_date(value) if match["date"] else None
    return date is not None and measure(value[: date.start] + value[date.end :]) <= 2


def _is_in_company(text: str, sentence: Sentence) -> bool:
    """Return whether the line above or below also has a label, or says how to reach someone."""
    above = [
        line for line in text[max(0, sentence.start - _LONGEST) : sentence.start].splitlines() if line.strip()
    ]
    below = [line for line in text[sentence.end : sentence.end + _LONGEST].splitlines() if line.strip()]
    return any(
        _LABELLED.fullmatch(line) or _LABELLED_IN_COMPANY.fullmatch(line) or _is_contact(line)
        for line in (" ".join(neighbour.split()) for neighbour in above[-1:] + below[:1])
    )


def _is_on_top(text: str, start: int) -> bool:
    """Return whether a line starts near the top of a text, with no sentence above it."""
    return start < _TOP and not any(
        _ends_as_sentence(line.rstrip()) and len(line.split()) >= 5 for line in text[:start].splitlines()
    )


def _is_tags(line: str) -> bool:
    tags = line.split()
    return len(tags) > 1 and all(tag.startswith("#") and tag != "#" for tag in tags)


def _is_signed(text: str, sentence: Sentence, line: str) -> bool:
    """Return whether a line is part of a signature: a short line below "Best regards,"."""
    if not _is_short(line):
        return False
    above = text[max(0, sentence.start - 600) : sentence.start].splitlines()
    for line_above in [" ".join(line_above.split()) for line_above in reversed(above) if line_above.strip()][
        :_SIGNED_LINES
    ]:
        if _SIGN_OFF.fullmatch(line_above):
            return True
        if not _is_short(line_above):
            break
    return False


def _ends_as_sentence(line: str) -> bool:
    return _ENDS_AS_SENTENCE.search(line[-4:]) is not None


def _is_short(line: str) -> bool:
    return len(line.split()) <= _SIGNED_WORDS and not _ends_as_sentence(line)
