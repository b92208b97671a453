"""Judge by its words whether a name in a header names an institution, a periodical, or a kind of document."""

from __future__ import annotations

import re

# Words for institutions, in the languages of the headers that are read. An institution's name has one.
_INSTITUTION = re.compile(
    r"\b(?:institut[eos]?|institution|istituto|cent(?:re|er|ro|rum)|zentrum|universit(?:y|ies|ät|é|eit|et)"
    r"|universidade?|college|school|academy|acad[eé]mie|akademie|ministry|minist[eè]r(?:e|io|ium)|department"
    r"|directorate|office|board|authority|agency|agence|agencia|bureau|commission|comisión|commissioner"
    r"|committee|comité|council|conseil|consejo|federation|fédération|confederation|association|asociación"
    r"|society|société|sociedad|union|foundation|fondation|fundación|fundação|stiftung|trust|coalition"
    r"|partnership|partenariat|conference of|congregation|brotherhood|sisterhood|society|workshop"
    r"|alliance|consortium|co-?operative|network|réseau|red de|forum|group|observator(?:y|io|ium)"
    r"|observatoire|inspectorate|secretariat|treasury|banks?|banque|banco|fund|fonds|court|tribunal|cour"
    r"|embassy|consulate|parliament|assembly|senate|congress|party|movement|league|chamber|guild|club"
    r"|corporation|company|limited|ltd|plc|inc|llc|llp|gmbh|s\.a\.|laborator(?:y|ies)|lab|museum"
    r"|(?:port|city|town|county) of(?=\s(?-i:[A-Z]))|library|hospital"
    r"|diocese|parish|church|mission|project|programme|program|initiative|campaign|cell|task force|partners"
    r"|underwriters|solicitors|consult(?:ing|ants|ancy)|advisors|advisers|associates|press|publishers"
    r"|publications|books|terminal|railways?|airlines?|shipping lines?|berhad|bhd|ag|nv|bv|oy|asa|spa"
    r"|srl|pty|pte|corp|a\.s\.|e\. ?v\.|panel|platform|taskforce|working group|constabulary|securities"
    r"|(?:ship)?brokers|insurers|insurance|operator"
    r"|(?-i:AB|SE|KG)|república|république|republik|repubblica|banca|banka|(?-i:ASA|PLC)|division"
    r"|registrar|auditor general|attorney general|organi[sz]ation|presidency|prefecture|governorate"
    r"|chancellery|delegation|permanent mission|high commission"
    r"|headquarters|representation|rectorate|faculty|polytechnic|charity|hospice|monastery|abbey"
    r"|cathedral|newspapers"
    r"|exchange|municipality|waterworks|hub|observatory|coastguard|archives?|cámara|câmara|camera di"
    r"|chambre|sindicato|syndicat"
    r"|gewerkschaft|bundesamt|landesamt|ayuntamiento|gobierno|gouvernement|regierung|federación"
    r"|federazione|unión"
    r"|oficina|centrale|dirección|direction (?:générale|régionale|de|du|des|de la)|inspektion|inspection"
    r"|secretaría|secrétariat"
    r"|confédération|confederación|colectivo|collectif|colegio|collège|museo|musée|biblioteca|archivo"
    r"|iniciativa"
    r"|laboratorio|laboratoire|verein|verband|amt|kammer|bund|akademia|instytut|fundacja|uniwersytet"
    r"|stowarzyszenie|üniversitesi|enstitüsü|derneği|vakfı|bakanlığı"
    r"|mutual|bourse|borsa|bolsa|börse|ligue|liga|lega|parti|partido|partito|partei|urząd|ministerstwo|sąd"
    r"|jaringan|kementerian|lembaga|yayasan|badan|dinas|úřad|ústav|ministerstvo|minisztérium|intézet"
    r"|\w*förbundet|\w*verket|\w*styrelsen|\w+sbond|beekeepers|growers' \w+"
    r"|ministerie|gemeente|myndigheten|förbundet|ministeriö|liitto|ministério|câmara|secretaria"
    r"|prefeitura|başkanlığı|müdürlüğü|belediyesi|coopérative|cooperativa|genossenschaft|réserve"
    r"|observers|ombudsman|police|registry"
    r"|service|services|republic|kingdom|united nations|european union|\w*verband|\w*verein"
    r"|\w*gesellschaft|\w*amt"
    r"|\w*ministerium|\w+universität|\w+hochschule|\w*institut|\w*anstalt|\w*zentrum|\w*behörde"
    r"|\w*kammer|observat[oó]ri[oa]|vereniging"
    r"|stichting|raad|fondazione|associazione|società|ministero)\b"
    r"|институт|центр|министерств|университет|фонд|банк|агентств|ассоциаци|союз|общество|академи|комитет"
    r"|служба|совет|палата|управлени|департамент|администраци|бюро|правительств|прокуратур|лаборатори"
    r"|организаци|федераци"
    r"|^(?:ال)?(?:مركز|معهد|وزارة|جامعة|هيئة|لجنة|اتحاد|منظمة|جمعية|مؤسسة|وكالة|بنك|شبكة|مجلس|نقابة"
    r"|المركز|المعهد)\b"
    r"|\b(?:rede|redes|réseau|rete) (?:de|des|di|do|da)\b|(?<=[가-힣]{2})[가-힣](?:국|청|처)$"
    r"|(?:(?:외교|교육|진흥|개발|정보|금융|과학|기술|문화|언어)원|연구원|연구소|연구센터|센터|협회|재단|대학교|위원회|은행|학회|공사|연합|본부|정부|공단|포럼|네트워크|사무소|사무국|학교|병원|교육원|진흥원|개발원|연맹|연대|협의회"
    r"|조합|노조|도서관|박물관|법원|국회)$"
    r"|(?:研究所|研究院|研究中心|中心|大学|大學|委员会|委員會|商会|商會|工会|协会|協會|基金会|学院|银行|研究会|公司|集团|联合会|事务所|厅|局|政府|办公室|总署|书院|学会|论坛|智库|出版社|财团"
    r"|總會|联盟)$",
    re.IGNORECASE,
)
_EDGE_BEFORE = re.compile(r"\W*(?:the |la |le |l['’]|el |die |das |der |in the )?(?:[\w-]+ )?", re.IGNORECASE)
_EDGE_AFTER = re.compile(
    r"[^\w'’]*$|\s?[,(|–—-]|\s(?:of|for|on|in|and|de|del|des|du|für|der|do|da|van|voor|per|di|zu|und|et|y"
    r"|plc|ltd"
    r"|limited|inc|llc|gmbh)\b|[а-я]|\s[^\x00-\x7f]",
    re.IGNORECASE,
)
_SPOKEN_OF = re.compile(
    r"\s(?:for|to|from|with|before|about|at|by|against|into)\s(?:the|an?|its|all|our)\s"
)  # "Report for the Assembly"
# Words that occur in the names of institutions, but also in titles.
_PERHAPS = re.compile(
    r"\b(?:statistics|research|studies|relief|aid|action|rights|survey|unit|desk|house|port|harbour|team"
    r"|front"
    r"|workers|growers|breeders|watchdog|fellowship|collective|archives?|lines?|industries|holdings|energy|mining|mines|labs"
    r"|international|works|news agency|voices?|without borders|sans frontières|station|clinic|farm|farms"
    r"|policy|intelligence|analytics|data|markets|media|think ?tank|operations?|aktion|circle|clearinghouse"
    r"|advocacy|analytics|capital|pulse|advisory|ventures|global|online|today|digital|radio|television|tv"
    r"|beacon"
    r"|compass|horizons?|labs|lab|coastguard|coast guard|navy|army|customs|pilots|seafarers|fishers|miners"
    r"|farmers"
    r"|residents|tenants|students|women|lawyers|doctors|teachers|citizens|people|friends of|sisters|brothers"
    r"|exchange|facility|mechanism|conference|summit|city of|town of|state of|government|county)\b",
    re.IGNORECASE,
)
# The words of `_PERHAPS` that hardly occur at the beginning or end of titles.
_LIKELY = re.compile(
    r"\b(?:house|labs?|desk|team|unit|collective|collaborative|international|front|watchdog|fellowship"
    r"|holdings|commodities|mutual"
    r"|industries|news agency|sans frontières|without borders|think ?tank|analytics|ventures|advisory|radio"
    r"|television|tv|station|clinic|navy|army|customs|coast ?guard|friends of|statistics|action|aid|relief"
    r"|facility|mechanism|clearinghouse|intelligence|capital|works|lawyers|doctors|workers|farmers"
    r"|appeal|circle|marshal|sheriff|operator|pricing|risk)\b",
    re.IGNORECASE,
)
# Words for periodicals. A periodical's name has one of them, mostly at its end.
_PERIODICAL_WORD = (
    r"(?:bulletin|courier|daily|digest|dispatch(?:es)?|gazette|herald|journal|ledger|magazine|monitor|news"
    r"|newsletter|observer|post|quarterly|review|times|watch|weekly|fortnightly|monthly|wire|tribune"
    r"|chronicle"
    r"|mail|standard|examiner|reporter|voice|papers|letters?|notes|briefings|notebook|tracker|record|sentinel"
    r"|messenger|economist|annals|proceedings|transactions|telegraph|telegram|guardian|independent|mirror"
    r"|mercury|echo|star|globe|clarion|advocate|inquirer|enquirer"
    r"|register|barometer|insights?|perspectives?|briefs|lens|outlook|reports?|argus|advertiser|dispatch"
    r"|correspondent|commentary|today|telex|zeitung|nachrichten|blätter|revue|cahiers|courrier|jornal|diário|gazeta|dziennik|gazete|krant|tidning|tidende|revista|boletín|diario"
    r"|rivista|giornale|corriere)"
)
_PERIODICAL = re.compile(
    rf"\b{_PERIODICAL_WORD}\b|(?:вестник|газета|журнал|новости|известия|ведомости|бюллетень)|(?:신문|일보|뉴스"
    rf"|방송|통신|저널|리뷰|브리프|포커스|소식|월간|주간)$"
    rf"|(?:[报報刊]|通讯|通訊|新闻|新闻网|杂志|雜誌|评论|季刊|月刊)$",
    re.IGNORECASE,
)
_ENDS_AS_PERIODICAL = re.compile(
    r"(?:^|\s)(?:\w+-)?(?:bulletin|courier|daily|digest|dispatch|gazette|herald|journal|ledger|magazine"
    r"|monitor"
    r"|news|newsletter|observer|post|press|quarterly|review|times|watch|weekly|wire|tribune|chronicle"
    r"|examiner|reporter|mercury|echo|globe|clarion|inquirer|enquirer|economist|telegraph|telegram"
    r"|guardian|mail|voice|zeitung|nachrichten)$"
    r"|^(?:the|le|la|el|il|die|der|das) (?:[\w-]+ )?(?:bulletin|courier|daily|gazette|herald|journal|ledger"
    r"|courrier|quarterly|review|times|tribune|chronicle|examiner|observer|economist|telegraph|guardian)\b"
    r"|^(?:the )?(?:bulletin|journal|annals|gazette|proceedings|transactions) of\b"
    r"|^(?:monthly|quarterly|[\w-]+) (?:review|journal|bulletin|gazette) (?:of|for)\b"
    r"|^(?:[а-яё]+ )?(?:вестник|газета|журнал|новости|известия|ведомости)\b|\b(?:газета|вестник|журнал"
    r"|ведомости)$"
    r"|(?:tageblatt|anzeiger|zeitung|rundschau|kurier|-bote)$"
    r"|^(?:el|la|le|il) (?:diario|periódico|heraldo|faro|correo|tribuna|prensa|gaceta|mercurio|monde"
    r"|figaro|temps)\b"
    r"|(?:신문|일보|뉴스|방송|통신|저널|시보|타임스)$|(?:[报報刊]|通讯|新闻网|杂志|雜誌|观察|觀察|电讯|时报)$",
    re.IGNORECASE,
)
# Words for kinds of document, which are not a name of anything.
_KIND = re.compile(
    r"(?:(?:internal|urgent|confidential|official|public|joint|special|draft|final|interim|media|press|news"
    r"|policy|research|discussion|working|technical|statistical|background|information|briefing|situation"
    r"|field|market|preliminary|issue|data|opinion|position|white|green|concept|country|progress|weekly"
    r"|monthly|quarterly|annual|analytical|aide|guest|an?)\s+)*"
    r"(?:memorandum|memo|agenda|mémoire|release|notice|note|briefing|brief|opinion|op-?ed|editorial|analysis"
    r"|commentary"
    r"|comment|statement|communiqu[eé]|circular|bulletin|report|paper|minutes|letter|fact ?sheet"
    r"|data ?sheet|declaration|transcript"
    r"|feature|interview|advisory|alert|update|essay|column|speech|announcement|dispatch|newsletter|sitrep"
    r"|publication|document|primer|leaflet|flyer|leader|exclusive|review|profile|obituary|working paper"
    r"|dossier|case study|telegram|telex|cable|facsimile|fax|decision|ruling|order|essay"
    r"|working paper series|paper series|series)s?(?: series)?"
    r"|press (?:release|statement)|communiqu[eé] de presse|pressemitteilung|nota de prensa|comunicado"
    r"(?: de prensa)?|siaran pers|komunikat(?: prasowy)?|tisková zpráva|pressmeddelande|persbericht"
    r"|comunicato stampa|nota à imprensa|basın açıklaması|invitation to (?:tender|bid)|request for proposals"
    r"|call for (?:papers|evidence|tenders)|tender notice|budget speech"
    r"|пресс-релиз|служебная записка|보도자료"
    r"|بيان صحفي|بيان|تقرير|book review|letter to the editor|성명서"
    r"|보고서|논평|브리핑|공지|회보|연구보고서|정책보고서|工作论文|研究报告"
    r"|新闻稿|通知"
    r"|通告",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:\d{1,2}\.?\s+|[ivx]+\.\s+)?(?:summary of (?:the (?:week|month|year|day|report|findings"
    r"|situation)|findings)|overall (?:assessment|situation)[^.]{0,30}|introduction|(?:executive "
    r"|editor's )?summary|abstract|overview"
    r"|background|contents"
    r"|table of contents|main points|key (?:points|findings|messages|facts|figures|data|numbers|results"
    r"|developments)|[\w ]{0,20}at a glance|highlights|in (?:this issue"
    r"|brief)"
    r"|about (?:the|this) (?:report|paper|brief|author|authors|series)|preface|foreword|conclusions?|findings"
    r"|methodology|methods|notes?|agenda|at a glance|top lines|key messages|main findings|in brief"
    r"|abbreviations|acknowledge?ments|terms of reference|general|details|zusammenfassung|einleitung"
    r"|résumé|introducción|resumen"
    r"|введение|аннотация|요약|서론|목차|摘要|引言|目录)\s*:?",
    re.IGNORECASE,
)
_BODY_OF = re.compile(
    r"(?:revista|boletín|revue|bulletin|lettre|zeitschrift|mitteilungen|órgano|organe|rivista|bollettino)\s"
    r"(?:del|de la|de los|du|de l[’']|des|der|da|do|della|dell[’'])\s?(?P<its>[^\W\d_].*)|"
    r"(?:(?:the|a|an)\s+)?(?:(?-i:[a-z-]+)\s(?:(?-i:[a-z-]+)\s)?|(?:monthly|weekly|quarterly|official)\s)?"
    r"(?:newsletter|bulletin|journal|organ|magazine|paper|newspaper|gazette|publication|message|review"
    r"|blog|sheet|annual|letter|digest|update"
    r"|monthly|weekly|quarterly)(?:\son\s[\w ,]{3,40})?\s(?:of|from|by)\s(?:the\s)?(?P<body>[^\W\d_].*)",
    re.IGNORECASE,
)


def names_institution(name: str) -> bool:
    """Return whether the first or last word of a name, or a word before "of", is an institution's."""
    speaks = bool(re.search(r"\s(?:in|to|from|with|as|at|are|is|was|under|after)\s", name))
    return any(
        (not speaks and _EDGE_BEFORE.fullmatch(name[: match.start()]))
        or (_EDGE_AFTER.match(name[match.end() :]) and not _SPOKEN_OF.search(name[: match.start()]))
        for match in _INSTITUTION.finditer(name)
    )


def likely_institution(name: str) -> bool:
    """Return whether the first or last word of a name mostly is an institution's: "Scenario House"."""
    return any(
        _EDGE_BEFORE.fullmatch(name[: match.start()]) or _EDGE_AFTER.match(name[match.end() :])
        for match in _LIKELY.finditer(name)
    )


def may_name_institution(name: str) -> bool:
    """Return whether a word of the name occurs in names of institutions, although also in titles."""
    return bool(_PERHAPS.search(name))


def names_periodical(name: str) -> bool:
    """Return whether a word of the name occurs in names of periodicals and series."""
    return bool(_PERIODICAL.search(name))


def is_periodical(name: str) -> bool:
    """Return whether a name has a periodical's form: "Yellow Sea Monitor", "Lowland Review of Books"."""
    return bool(_ENDS_AS_PERIODICAL.search(name))


def is_kind(name: str) -> bool:
    """Return whether the words name a kind of document and nothing else: "Press release"."""
    return bool(_KIND.fullmatch(name.strip(" .:*_")))


def is_section_heading(line: str) -> bool:
    """Return whether a line is the heading of a part that many texts have: "Summary"."""
    return bool(_HEADING.fullmatch(line.strip(" #*_")))


def issued_by(line: str) -> str:
    """Return "Harbour Mission" for "Newsletter of the Harbour Mission", and "" for any other line."""
    match = _BODY_OF.fullmatch(line)
    body = (match["its"] or match["body"]).strip() if match else ""
    return body if names_institution(body) or body.lower().startswith("friends of ") else ""
