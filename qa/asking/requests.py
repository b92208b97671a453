"""Recognise requests for text that no document has, and find what they are about.

A summary, a translation, a draft, an opinion or a sum would be text of Pullquote's own. A message counts only
if it is such a request from its first word on: "Who translated the report?" asks what documents say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.text.terms import content_words

if TYPE_CHECKING:
    from qa.schema import Document
    from qa.text.question import ParsedQuestion

# A request begins with its verb. A verb that may be a noun needs an article after it: “Draft law on mining”
# names a thing. “Summarise what he said” asks what he said. “Can you predict earthquakes?” means anybody.
_DO = r"(?:(?:please|kindly|now|ok|okay|hi|hello|and|then|just|lets|bitte|por favor) ){0,4}"
_ASK = (
    rf"{_DO}(?:(?:can|could|would|will) you (?:please |kindly |just |also ){{0,2}}"
    r"|i (?:want|need) you to |(?:i would|id) like you to |are you able to |your task is to )?"
)
_CLAUSE = r"(?: (?:what|where|who|whom|whose|when|why|how|which|whether|if)\b)"
_LENGTH = r"in (?:\w+ ){1,3}(?:bullet points|bullets|sentences?|words?|lines?|paragraphs?)"
_ONE = r"(?:an?|the|this|that|these|those|my|our|your|some|me|us|one|two|three|\d+)"
_KIND_OF_TEXT = (
    r"(?:summar(?:y|ies)|overview|abstract|gist|tldr|synopsis|precis|recap|translation|paraphrase|digest)"
)
_ADJECTIVES = r"(?: (?!(?:of|to|in|on|from|with|for)\b)\w+){0,3}"
_NEW_TEXT = (
    rf"(?:{_KIND_OF_TEXT}|essay|poem|haiku|song|story|joke|letter|e ?mail|memo|briefing|report|article|post"
    r"|blog|tweet|speech|script|press release|presentation|slides?|outline|draft|paragraph|introduction"
    r"|conclusion|headline|timeline|chart|graph|table|quiz|bullet points)"
)
_PLAINLY = (
    r"(?:in (?:your|my) own words|in (?:plain|simple|simpler|lay) (?:english|terms|words|language)"
    r"|in laymans terms|(?:as if|like) i(?: am| was| were|m)? (?:five|5|a child)|to a (?:child|five year old)"
    r"|for dummies)"
)
_SUMS = r"(?:plus|minus|times|divided by|multiplied by|per ?cent of)"
PATTERN = (
    rf"{_ASK}(?:summari[sz]e|sum up|recap)(?:(?!{_CLAUSE})(?: .*)?| (?:.* )?{_LENGTH})"
    rf"|{_ASK}(?:translate|paraphrase|rephrase|reword|rewrite|proofread|brainstorm|condense)(?: .*)?"
    rf"|{_DO}(?:shorten|simplify|analy[sz]e|critique|criticise|comment on|outline|sketch|calculate|compute"
    rf"|add up|multiply|divide|subtract|predict|forecast|interpret|edit) {_ONE}(?: .*)?"
    rf"|{_DO}(?:pretend|imagine) (?:you|that|to) .*"
    rf"|{_ASK}(?:write|draft|compose|create|generate|make|produce|prepare|invent|make up)"
    rf" {_ONE}(?: \w+){{0,5}} {_NEW_TEXT}(?: .*)?"
    rf"|{_ASK}(?:write|draft|compose) (?:{_ONE} )?{_NEW_TEXT}(?: .*)?"
    rf"|{_ASK}(?:give|get|do|provide|show|send)(?: me| us)? (?:an?|the|your){_ADJECTIVES} {_KIND_OF_TEXT}"
    rf"(?: .*)?"
    rf"|{_ASK}(?:tell|give|write)(?: me| us)? an? (?:\w+ )?(?:joke|story|poem)(?: .*)?"
    rf"|(?:i|we) (?:want|need|would like) (?:an?|the){_ADJECTIVES} {_KIND_OF_TEXT}(?: .*)?"
    rf"|how would you (?:summari[sz]e|translate|paraphrase) .*"
    rf"|{_ASK}(?:explain|describe|tell|say|put|give|state) (?:.* )?{_PLAINLY}(?: .*)?"
    rf"|in your (?:own words|opinion|view) .*|(?:.* )?in your opinion"
    rf"|what do you (?:personally )?(?:think|make|feel|believe)(?: (?:of|about) .*)?"
    rf"|what (?:is|are) your (?:own |personal )?(?:opinions?|views?|thoughts|take|judgement|advice|feelings?)"
    rf"(?: .*)?"
    rf"|(?:give|tell)(?: me| us)? your (?:own |honest )?(?:opinion|view|thoughts|take|advice)(?: .*)?"
    rf"|what would you (?:do|recommend|suggest|advise|say)(?: .*)?|do you agree(?: .*)?"
    rf"|{_ASK}convert \d.* (?:in ?to|to) \w+"
    rf"|(?:what is |how much is )?\d{{1,9}}(?: \d{{1,9}})? {_SUMS} \d{{1,9}}(?: \d{{1,9}})?"
    # German, French, Spanish
    rf"|{_ASK}(?:fasse?|fassen sie) (?:.* )?zusammen(?: .*)?|{_ASK}übersetz(?:e|en sie)?(?: .*)?"
    rf"|(?:kannst|könntest|können|könnten) (?:du|sie) (?:.* )?(?:zusammenfassen|übersetzen)(?: .*)?"
    rf"|{_ASK}(?:schreibe?|schreiben sie|verfassen? ?(?:sie)?) (?:mir |uns )?(?:eine?n?|den|die|das) .*"
    rf"|(?:sil (?:te|vous) plaît )?(?:résume[zr]?|tradui[st]e?z?)(?: moi)? (?:c|l)\w+(?: .*)?"
    rf"|(?:peux tu|pouvez vous|pourrais tu|pourriez vous) (?:me )?(?:résumer|traduire|rédiger) .*"
    rf"|(?:écris|écrivez|rédige|rédigez)(?: moi)? (?:un|une|le|la) .*"
    rf"|(?:por favor )?(?:resum[ea]|resúme|traduce|traduzca|tradúce|traduzcan)(?:me|nos)? "
    rf"(?:el|la|los|las|este|esta|esto|estos|estas|todo)(?: .*)?"
    rf"|(?:puedes|puede|podrías|podría) (?:resumir|traducir|redactar)(?:me)? .*"
    rf"|(?:por favor )?(?:escrib[ea]|redact[ea])(?:me)? (?:un|una|el|la) .*"
)

# Words that say what a request wants done, and not what it is about.
_OF_REQUESTS = frozenset(
    content_words(
        """please kindly like want need summarise summarize sum recap translate paraphrase rephrase reword
        rewrite proofread brainstorm condense shorten simplify analyse analyze critique criticise
        comment outline sketch calculate compute add multiply divide subtract predict forecast
        interpret pretend imagine edit write draft compose create generate make produce prepare invent
        give show provide send tell explain describe convert think opinion view recommend suggest
        advise own words simple plain terms short quick summary overview abstract gist tldr synopsis
        precis translation digest essay poem song story joke letter email mail memo briefing post blog
        tweet speech script press release presentation slides paragraph introduction conclusion
        headline timeline chart graph table quiz bullet points sentence sentences lines one two three
        four five first second third page english german french spanish document documents doc brief
        briefs report reports article articles text texts paper papers file files source sources
        section"""
    )
)


def subject(message: ParsedQuestion) -> list[str]:
    """Return the content words that say what a request is about; none if it is about all documents."""
    return [word for word in message.terms if word not in _OF_REQUESTS]


def names(message: ParsedQuestion, document: Document) -> bool:
    """Return whether a request has a document's whole title, or the title has the request's whole subject."""
    title, about = set(content_words(document.title)), set(subject(message))
    return bool(title and (title.issubset(message.terms) or (about and about <= title)))
