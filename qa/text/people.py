"""Names of people as headers write them: "Dr Ingrid Solheim, PhD and Bo Strand*"."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from qa.text.organisations import (
    is_kind,
    is_periodical,
    likely_institution,
    may_name_institution,
    names_institution,
    names_periodical,
)

_MOST_NAMES = 12
_LONGEST = 300  # most characters of a list of names
_PARTICLES = frozenset(
    "de da do dos das del della der den di du la le van von zu ter ten bin ibn ben al el abu y e".split()
)
_HONORIFIC = re.compile(
    r"\A(?:(?:(?:the )?honourable|(?:deputy |vice[- ]|first |prime )?(?:governor|president|premier"
    r"|minister|chair(?:man|woman|person)?|director(?:[- ]general)?|commissioner)"
    r"|secretary[- ]general|chancellor|chief justice|agronomist|professor emeritus|dr|prof|professor"
    r"|hon|the hon|rt hon|the rt hon|h\.\s?e|his excellency|her excellency|sir"
    r"|dame|lord"
    r"|lady|rev|revd|the rev|the very rev|the right rev|the most rev|fr|father|sister|mr|mrs|ms|miss|mx"
    r"|herr|frau|m|mme|sr|sra|don|doña|lt|lt-gen|gen"
    r"|general|major general|brig|brigadier|rear adm|rear admiral|vice adm|vice admiral|adm|admiral"
    r"|colonel|major|lieutenant"
    r"|sergeant|engr|barrister|imam|sheikh|rabbi|pastor|bishop|archbishop|cardinal|canon|msgr|madame|monsieur"
    r"|arq|lic|dra|dott|dott\.ssa|avv|mons|ir|drs|mgr|col|maj|capt|captain|cdr|sgt|ambassador|amb|judge"
    r"|justice|senator|sen|dipl\.-ing|ing|д-р"
    r"|проф)\.?\s+(?:\(ret(?:\.|d|ired)?\)\s)?)+",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"(?:ph\.?\s?d|d\.?phil|m\.?d|m\.?a|m\.?sc|b\.?a|b\.?sc|ll\.?[bmd]|m\.?p|mba|mph|mpa|q\.?c|k\.?c|esq"
    r"|jr|sr"
    r"|frs|obe|mbe|cbe|rn|ret|ii|iii|mla|mep|mna|td|msp|p\.?\s?eng?|p\.?\s?e|c\.?\s?eng|cpa|cfa|acca|fca|dds|dvm|rn|sj|s\.j|o\.p|osb"
    r"|(?:[a-z]{1,3}\.){2,4}(?:\s\(\w+\.?\))?)\.?",
    re.IGNORECASE,
)
_MARKS = re.compile(
    r"\[\d{1,2}\]|[*†‡§¶¹²³⁴-⁹]+|\(\d{1,2}(?:,\s?\d)*\)|(?<=[^\W\d])\d{1,2}\b|<[^<>]{0,100}>|(?<![\w.+-])[\w.+-]{1,64}@\S{1,100}"
    r"|\([^()]{0,120}\)"
)
_COMPANY = re.compile(
    r",\s[^,;]{2,40},\s(?:inc|ltd|llc|gmbh|corp)\b.*$", re.IGNORECASE
)  # "…, Ferry Systems, Inc."
_AND = re.compile(r"[;,&/·・、，与與和及]|\s(?:and|with|y|et|und|e|en|och|og|и|та)\s", re.IGNORECASE)
_INITIAL = re.compile(r"[^\W\d_]{1,2}\.(?:-?[^\W\d_]\.)*|[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:[’'`.-][^\W\d_]+)*\.?")
_ROMANISED = re.compile(r"[A-Z][a-z]{1,5}-[a-z]{2,6}")  # "Kim Min-ji", "Chen Shui-bian"
_ARTICLE = re.compile(r"^(?:al|el|ul|ad|as|ash|an|d)[-’'](?=\w)")
# Titles that follow Korean names: "researcher", "reporter".
_KOREAN_ROLE = re.compile(
    r"(?:기자|씨|님|특파원)$|\s(?:선임|수석|책임|부)?\s?(?:연구위원|연구원|연구교수|기자|교수|박사|특파원|소장|위원|센터장|편집장|씨|님)$"
)
# A surname, which comes first in Korean and Chinese names, and a given name.
_KOREAN = re.compile(
    "[김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추도소"
    "석선설마길연위표명기반왕금옥육인맹제모탁국어은편용][가-힣]{1,3}"
)
_CHINESE = re.compile(
    "(?:[王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭肖程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣"
    "蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬"
    "贺賀赖賴龚龔文庞樊兰殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁葛伍韦韋申尤毕聂焦向柳邢路岳齐齊梅莫庄莊辛管祝左涂谷祁时耿牟卜詹关關苗凌费紀靳盛"
    "童欧歐甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈"
    "姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺]"
    "[\u4e00-\u9fff]{1,2}|(?:欧阳|歐陽|司马|司馬|诸葛|諸葛|上官|夏侯|尉迟|皇甫|东方|慕容|令狐|司徒)[\u4e00-\u9fff]{1,2})"
)
# Words that occur in titles, roles and kinds of text, but not in the names of people.
_NO_NAME = frozenset(
    """municipal civic metropolitan provincial rural urban industrial agricultural commercial economic
    social political legal medical technical scientific historical cultural environmental maritime
    coastal associated united allied safety security energy climate health education housing labour
    labor migration transport finance economy industry development growth debt credit future history
    culture politics democracy reform reforms change changes strategy plan plans programme program
    action impact risks poverty hunger famine drought flood floods storm shipping shipwreck ferry
    ferries fishing fisheries mining minerals copper tin gold cobalt land forest forests a an the
    and or of on in at to for from by with without sans sin ohne under over into after before
    between against about as is are was were be not no how why what when where who which whose this
    that these those its our their his her your my we you they it if than then there here all any
    some more most new old two three four five six seven eight nine ten first second third last next
    one another every each part chapter section volume final draft revised edition summary executive
    introduction overview background contents findings key main points abstract preface foreword
    conclusion conclusions appendix annex notes methodology case special working policy annual
    quarterly monthly weekly daily press media public private open south east northern southern
    eastern western central upper lower great greater national international global regional local
    federal state states city town village district province county country republic port harbour
    harbor sea seas gulf strait river island islands mountain valley road house market markets trade
    prices tax tariff oil gas coal water food grain election elections vote voters war peace crisis
    risk rights justice court report reports staff reporter reporters correspondent correspondents
    editor editors officer director manager fellow associate assistant analyst researcher lecturer
    professor student secretary chair chairman chairperson president minister deputy head chief
    master mariner captain commissioner inspector registrar counsel solicitor barrister advocate
    engineer economist author authors writer contact unit desk team studio design graphics print
    scan scanner user admin owner client test january february april june july august september
    october november december monday tuesday wednesday thursday friday saturday sunday autumn table
    figure chart map index data statistics survey study review results outlook forecast budget guide
    handbook manual rules guidance advice code act bill regulation regulations order circular notice
    notices statement speech remarks address lecture paper papers brief briefs briefing letter
    letters minutes agenda resolution decision judgment judgement opinion appeal petition memo
    memorandum news story feature interview profile essay dispatch diary""".split()
)
_WHO_IS = re.compile(r"(?P<who>[^.:?!]{3,60}?)\s(?=(?:is|was|teaches|lectures|works|writes)\s)")
_ROLE = re.compile(
    r"\b(?:fellow|lecturer|professor|director|researcher|research associate|analyst|correspondent|officer"
    r"|associate|student|editor|manager|secretary|chair(?:man|person|woman)?|president|minister|head of|chief"
    r"|chercheu(?:r|se)|professeure?|directeur|directrice|chargée?|maître|profesora?|investigadora?"
    r"|director[ae]?|dirett(?:ore|rice)"
    r"|ricercatore|ricercatrice|dozent(?:in)?|wissenschaftliche[rn]?|leiter(?:in)?|referent(?:in)?|head|barrister|solicitor|advocate|attorney|conseill(?:er|ère)|consultante?"
    r"|enviad[ao] especial|corresponsal|redactora?|periodista|envoyée? spéciale?|correspondante?|journaliste"
    r"|korrespondent(?:in)?|redakteur(?:in)?|inviat[ao]|reporter|journalist|photographer|historian|consultant"
    r"|adviser|advisor|economist|candidate|scholar|teaches|lectures|writes (?:about|on|for|from)"
    r"|works (?:for|at|as)|university|bureau)\b",
    re.IGNORECASE,
)


def looks_like_person(name: str) -> bool:
    """Return whether a name has a person's form: two to five capitalised words, not a title's words."""
    if names_institution(name) or names_periodical(name) or is_periodical(name) or is_kind(name):
        return False
    if _KOREAN.fullmatch(name) or (_CHINESE.fullmatch(name) and not names_institution(name)):
        return True
    words = name.split()
    if not 2 <= len(words) <= 5 or len(name) > 50:
        return False
    if may_name_institution(name) and not has_given_name(name):
        return False
    long = 0
    for position, word in enumerate(words):
        if word.lower() in _PARTICLES and 0 < position < len(words) - 1:
            continue
        word = _ARTICLE.sub("", word)
        if _INITIAL.fullmatch(word) and word.endswith("."):
            continue
        if not word[:1].isupper() or word.lower().strip(".’'") in _NO_NAME:
            return False
        if _INITIAL.fullmatch(word):
            continue
        if not _WORD.fullmatch(word):
            return False
        long += 1
    return long >= 1 and not _INITIAL.fullmatch(words[-1])


@cache
def _words(file: str) -> frozenset[str]:
    """Return the words of a list in a file next to this module."""
    return frozenset(Path(__file__).with_name(file).read_text(encoding="utf-8").split())


def has_given_name(name: str) -> bool:
    """Return whether a name is surely a person's: it has a known given name, an initial, or a Korean form."""
    if _KOREAN.fullmatch(name) and len(name) == 3:
        return True
    words = name.lower().split()
    if not words:
        return False
    given = _words("given_names.txt")
    is_given = words[0] in given or words[0].split("-")[0].rstrip(".") in given
    return is_given or bool(_INITIAL.fullmatch(words[0]) or any(map(_ROMANISED.fullmatch, name.split()[1:])))


# Given names that are also ordinary words.
_GIVEN_TOO = frozenset(
    """mark will bill jack frank grant dean grace rose guy max miles drew dale glen lance rich pat sue ray
    roy art dawn faith hope joy june may ruby pearl violet olive ivy heather iris rob tony nick pierce
    chase reed wade clay""".split()
)


def surely_people(names: str) -> bool:
    """Return whether at least one of several names, separated by "; ", is surely a person's."""
    return any(has_given_name(name) or _CHINESE.fullmatch(name) for name in names.split("; ")) and bool(names)


def likely_people(names: str) -> bool:
    """Return whether names with the form of people's names contain no common English word."""
    common = _words("common_words.txt")
    for name in names.lower().split("; "):
        words = re.findall(r"[^\W\d_]{3,}", name)
        words = words[1:] if words and words[0] in _GIVEN_TOO else words
        if any(
            word in common or word.removesuffix("s") in common for word in words if word not in _PARTICLES
        ):
            return False
    return bool(names)


def _bare(name: str) -> str:
    """Return a name without honorifics, note marks and the like."""
    return _HONORIFIC.sub("", _MARKS.sub(" ", name).strip(), count=1).strip(" .,:;-–—*_") if name else ""


def _names(written: str) -> list[str]:
    """Return the names at the start of a list of people. Roles and places may follow after a comma."""
    names: list[str] = []
    written = _COMPANY.sub("", written[:_LONGEST])
    for piece in _AND.split(_MARKS.sub(" ", written))[: 2 * _MOST_NAMES]:
        piece = " ".join(piece.split())
        piece = re.sub(r"^\s*(?:and|y|et|und|и|&)\s", "", piece)
        piece = _KOREAN_ROLE.sub(
            "",
            re.sub(
                r"\s(?:reports from|writes from|reporting from|in|at|from"
                r"|for)\s(?:the\s)?(?-i:[^\Wa-z\d_]).*$",
                "",
                piece,
            ),
        )
        if not piece or _DEGREE.fullmatch(piece):
            continue
        name = _HONORIFIC.sub("", f"{piece} ", count=1).strip()
        name = name if looks_like_person(name) else piece  # "M. Bo" is no Monsieur Bo
        for degree in name.split()[2:][::-1]:  # "Ulrike Sand PhD"
            if (_DEGREE.fullmatch(degree) and degree.upper() == degree) or degree == "PhD":
                name = name[: name.rindex(degree)].rstrip()
        if names and (names_institution(piece) or likely_institution(piece)):
            break  # "Ann Osei, Ferry Labs"
        if names and not looks_like_person(name) and _ROLE.search(piece):
            continue  # "Vivek Anand, barrister, and Joanna Strete"
        if not looks_like_person(name):
            break
        names.append(name)
    return names


def people_in_line(line: str) -> str:
    """Return the people in a line that names only people, separated by "; ", or "" for any other line.

    Roles and places may follow the names: "Idris Coker, Correspondent in Agadez".
    """
    if re.search(r"[:?!“”\"]|\d{3}", line) or len(line) > _LONGEST:
        return ""
    names = _names(line)
    if not names:
        return ""
    rest = line[line.rindex(names[-1].split()[-1]) + len(names[-1].split()[-1]) :]
    rest = _MARKS.sub(" ", rest).strip(" .,;")
    rest = re.sub(r"^(?:and|&)\s(?:staff|others|colleagues|team)\b,?\s?", "", rest, flags=re.IGNORECASE)
    rest = re.sub(r"^(?:(?:reports|writes|reporting) from|in|at|from)\s(?=[^\W\d_a-z])[\w\s,’'-]+$", "", rest)
    rest = "" if _KOREAN_ROLE.fullmatch(rest) else rest
    plain = not rest or all(_DEGREE.fullmatch(role.strip(" .,")) for role in rest.split(",") if role.strip())
    if (
        plain
        or re.fullmatch(r"[^\W\d_][\w’'-]+", rest)
        or names_institution(rest)
        or likely_institution(rest)
        or (len(names) == 1 and (_ROLE.search(rest) or re.match(r"in [^\W\d_]", rest)))
    ):
        return "; ".join(names)
    if len(names) == 1 and "," in line and len(rest.split()) <= 6 and rest[:1].isupper():
        return names[0]
    return ""


def people_first(words: str) -> str:
    """Return the people that some words begin with, whatever follows, or "" if they begin otherwise."""
    return "; ".join(_names(words))


def who_is(line: str) -> str:
    """Return "Olga Prins" for "Olga Prins teaches public law in Tarn.", and "" for any other line."""
    match = _WHO_IS.match(line) if len(line) <= 140 else None
    if match is None or not _ROLE.search(line[match.end() - 1 :]):
        return ""
    return people_in_line(match["who"])


def is_role(words: str) -> bool:
    """Return whether words say what somebody is: "Company Secretary, Amberley Foods Ltd"."""
    return bool(_ROLE.search(words))


def people_stated(written: str) -> str:
    """Return the author of a text, as stated by a label or after "by": people, or else the words themselves.

    An organisation or a desk may also be the author of a text.
    """
    written = re.sub(r"^(?:the|our|[Bb]y)\s", "", " ".join(written.split()).strip(" .,;:*_"))
    names = _names(written)
    if names:
        return "; ".join(names)
    first = _bare(re.split(r"[,(;]|\s(?:\+\d|[\d/-][\d /-]{6})", written)[0])
    words = first.split()
    if words and len(words) <= 8 and words[0][0].isupper():
        return first
    return ""


def in_order(name: str) -> str:
    """Write "Siddiqui, Rehana" as "Rehana Siddiqui"."""
    last, comma, first = name.partition(", ")
    whole = f"{first} {last}"
    return whole if comma and "," not in first and looks_like_person(whole) else name
