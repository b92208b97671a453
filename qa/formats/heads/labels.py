"""Recognises labels in heads of documents, and the field that each states: "Author: …", "发布日期：…"."""

from __future__ import annotations

import re

# The field that each label states. A citation does not need the "aside" fields.
_IN_HEADS = {
    " ".join(label.split()): name
    for name, labels in {
        "title": """
            title | headline | hed | head | subject | subj | re | titre | titel | título | titolo
            | betreff | objet | asunto | concerning | case | perihal | hal | onderwerp |
            betreft | dotyczy | angående | vedrørende | oggetto | assunto | konu | název |
            název dokumentu | tytuł | subject matter | название | тема | 제목 | 标题 | 题目
        """,
        "author": """
            signed | signatories | rédigé par | verfasst von | redactado por | elaborado por |
            story by | speaker | story | por | par | di | author | authors | author(s) | by |
            byline | from | written by | prepared by | analyst | analysts | contributors |
            interviewer | hosted by | presenter | texto | texte | كتب | كتبت | بقلم | إعداد |
            consultant | consultants | evaluator | evaluators | evaluation team | principal
            investigator | compiled by | drafted by | reported by | reporter | words | text |
            rapporteur | reviewed by | auteur | auteurs | autor | autora | autores | autore |
            verfasser | von | автор | авторы | 저자 | 작성자 | 글 | 글쓴이 | 作者 | 撰稿 | 文 | 撰文 | 著者
        """,
        "publisher": """
            originator | lead agency | issuing agency | responsible body | source
            agency | institute | publishing house | 来源 | 來源 | 发文单位 | publisher | produced by |
            owner | document owner | origin | penerbit | wydawca | uitgever | utgivare | editore |
            published by | issued by | issuing body | issuing authority | issuing
            office | institution | organisation | organization | herausgeber |
            éditeur | editorial | издатель | 발행처 | 발행기관 | 발행인 | 출처 | 出版 | 出版社 | 发布单位
            | 发布机构 | 机构 | newspaper | imprint
        """,
        "series": """
            series title | report series | paper series | periodical | schriftenreihe | colección |
            叢書 | 丛书 | 총서 | series | journal | publication | reihe | collection | serie | série |
            серия | 시리즈 | 系列 | 刊名
        """,
        "updated": """
            last updated | updated | last revised | revised | last modified | modified | stand
        """,
        "credit": """
            report | interview | rédaction | redaktion | redacción | redazione | redactie | note by | column
        """,
        "within": """
            published in | appeared in | first published in | originally published in | journal title
        """,
        "number": """
            nomor | numer | nr | núm | numero | sayı | circular | number | no | issue |
            issue no | report no | report number | document no
            | document number | doc no | document symbol | symbol | circular no |
            nummer | numéro | número | номер | 번호 | 호 | 期号 | 编号 | 文号
        """,
        "published": """
            broadcast | aired | reported | filed | sent | tanggal | dato | tarih | dátum |
            fecha de publicación | date of report | date of issue | month | first published |
            originally
            published | assented to | 배포일 | 배포일시 | report date | this draft | this
            version | date | dated | published | published on | publication date |
            date published | date of publication | issued | issued on | issue date |
            released | release date | date of release | posted | posted on |
            publicado | publié | publié le | datum | fecha | data | дата | дата
            публикации | опубликовано | 날짜 | 발행일 | 게시일 | 작성일 | 日期 | 发布日期 | 发布时间 |
            出版日期 | 发表日期 | judgment delivered | delivered | for release | for
            immediate release | approved | adopted
        """,
        "url": """
            url | link | web | address | permalink
        """,
        "aside": """
            to | cc | bcc | absent | interviewee | interviewer | guest | programme |
            protokollführung | schriftführung | minutes by | recorder | minute taker |
            note taker | narahubung | contact presse | ansprechpartner | pressekontakt |
            press contact | media contact | overall assessment | via | an | à | para | кому |
            수신 | contact | contacts | editor |
            editors | edited by | translated by | translator | place | location | filed from |
            dateline | e-mail | email | phone | tel | telephone | fax | keywords | tags | topics |
            topic | section | category | region | language | classification | distribution | distr
            | original | pages | page | isbn | issn | doi | jel | price | copies | attachments |
            attached | enclosures | encl | status | version | our ref | your ref | ref | reference
            | file | photographs | photos | photo | illustrations | source | sources |
            last saved | saved | created | printed | last reviewed | next release |
            next issue | next review |
            reference month | reference period | reporting period | period | period covered |
            coverage | valid until | expires | deadline | heard | date heard | hearing | accessed
            | retrieved | downloaded | received | effective | date range | parish office | office
            | telephone no | opening hours | quorum | présents | anwesend | presentes | asistentes
            | присутствовали | excusés | present | apologies | in attendance | copyright | licence
            | license | frequency | circulation | before | counsel | length | word count |
            wordcount | previous release | previous version |
            body | load-date | publication-type | document-type | graphic | dept |
            collection no | contents | inside | reading time | abstract | summary | jurisdiction |
            coram | cite as | style | slug | edition | format | rights | коротко | тел
        """,
    }.items()
    for label in labels.split("|")
}
# The same for front matter. There, the fields "credit" and "updated" are also "aside".
LABELS = {label: "aside" if name in ("credit", "updated") else name for label, name in _IN_HEADS.items()}
LABEL = re.compile(r"(?P<label>[^\W\d_][\w()’' /.-]{0,28}?)\s{0,3}[:：]\s*(?=\S)")


# Codes that press databases put before their fields, with spaces instead of a colon.
_CODES = {"HD": "title", "BY": "author", "PD": "published", "SN": "publisher"} | dict.fromkeys(
    "AN CLM CO CR CX CY ED ET IN IPC IPD LA LP NS PG PUB RE SC SE TD VOL WC".split(), "aside"
)
_CODE = re.compile(r"(?P<code>[A-Z]{2,3})\s{2,}(?=\S)")


def label_of(line: str) -> tuple[str, int]:
    """Return the field that a line's label states and the position of the value, or ("", 0) if none."""
    code = _CODE.match(line)
    if code and code["code"] in _CODES:
        return _CODES[code["code"]], code.end()
    match = LABEL.match(line)
    if match is None:
        return "", 0
    name = " ".join(match["label"].lower().replace(".", "").split())
    stated = _IN_HEADS.get(name, "")
    if not stated and name.count(" ") == 1 and _IN_HEADS.get(name.split()[1]) == "aside":
        stated = "aside"  # "Drought status"
    return (stated, match.end()) if stated else ("", 0)


def label_words(line: str) -> str:
    """Return the words of a line's label in lower case, or "" if the line has no label."""
    match = LABEL.match(line)
    return " ".join(match["label"].lower().replace(".", "").split()) if match else ""


# "Order Code RL33781", "Neutral citation: [2013] LSC 14", but not "Tel No. 555 7123".
_NUMBER_LABEL = re.compile(
    r"(?!(?:tel|phone|fax|mobile|reg(?!istry file)|company|charity|vat|isbn|issn|account|invoice|page|word"
    r"|room|box|table|file size|zip|post)\w*\b)(?:[^\W\d_][\w-]*\s){0,2}(?:code|index"
    r"|symbol|citation|ref(?:erence)?\.?"
    r"|\w+ (?:no\.?|number)\s?(?=:))\s?:?\s"
    r"(?P<code>(?=[^\n]{0,24}\d)[\[A-Z0-9][\w\[\]()./ -]{0,24}[\w)])",
    re.IGNORECASE,
)


def numbered_by(line: str) -> str:
    """Return the number in a line that consists of a label and a number, or "" for any other line.

    For "Order Code RL33781" it is "RL33781".
    """
    match = _NUMBER_LABEL.fullmatch(line)
    return match["code"] if match and not re.fullmatch(r"\d{4}", match["code"]) else ""
