"""Find out whether a question refers to something that was said before it: "And who arrested them?".

The patterns are for English.
"""

from __future__ import annotations

import re

from qa.text.terms import FUNCTION_WORDS, words

_FUNCTION = "|".join(sorted(FUNCTION_WORDS))
# Openings and endings of a turn that continues or corrects the turn before.
OPENING = re.compile(
    r"(?:(?<!\s)\s++)?(?:(?:no|yes|ok|okay|sorry|oops|well|i see)\b[\s,.!]*)?"
    r"(?:and|but|or|so|then|also|plus|what about|how about|what of|i meant?)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"\b(?:too|as well|either|instead|otherwise|then|afterwards|else|the other)[\s?.!]*$"
    r"|\b(?:first|second|third|last|other|another|which) ones?\b",
    re.IGNORECASE,
)
# Words that refer to something said before. Some, such as "it", "that" and "there", also have other uses.
# `_NOT_ANAPHORIC` excludes these uses.
_ANAPHORS = frozenset(
    """he she they him her them his hers their theirs it its this that these those there one ones
    former latter others same such himself herself itself themselves""".split()
)
# Uses that refer to nothing said before: "is it true", "when it rains", "there are", "the metal that", "those
# held", "in such numbers", "the same machine as".
_NOT_ANAPHORIC = re.compile(
    r"\b(?:is|was|does|did|has) it (?:true|possible|clear|known|likely|the case|reported|said)\b"
    r"|\bit (?:be |been )?\w+ (?:that|whether)\b|\bit (?:rain|pour|snow|freeze)\w*"
    r"|\b(?:make|made|find|found) it \w+ (?:for|to)\b"
    r"|\b(?:is|are|was|were|be|been|had|has|have) there\b|\bthere (?:is|are|was|were|be|been)\b"
    r"|\bone of\b|\bone (?!in|on|at|from|that|who|which|with|for|to|is|was|did|does|has|had\b)(?=\w)"
    r"|\b(?:no|any|some|every) ?one\b|\bsuch (?!an?\b)(?=\w)|\bthe same (?:[\w-]+ ){1,4}as\b"
    r"|\b(?:this|these|those|that) (?:brief|document|report|article|text|time|day|week|month|season|year)\b"
    r"|\bthis (?:spring|summer|autumn|winter|january|february|march|april|may|june|july|august|september"
    r"|october|november|december)\b"
    r"|\b(?:this|these|those|that) (?:\w+ )?who\b"
    r"|\bthose (?:\w+(?:ed|ing)|sent|held|left|caught|found|kept|taken|sold|made|born)\b"
    r"|\bthose (?:in|of|from|with|whose)\b"
    r"|(?<=\w )\bthat (?!(?:happen|was|is|be|come|say|mean|do|one)\b)(?=\w)"
    rf"|\b(?:former|latter) (?!(?:{_FUNCTION})\b)(?=\w)"
    rf"|\b(?!(?:{_FUNCTION})\b)\w+ that (?=(?:was|is|were|are|be)\b)",
    re.IGNORECASE,
)
AUXILIARY = "is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must"
CONTENT = rf"(?!(?i:{_FUNCTION})\b)[\w-]+"
_POSSESSIVE = rf"(?:him|her|it)self|themselves|(?:his|her|its|their)(?= (?:own\b|{CONTENT}))"
# The words after an auxiliary name who acts. Pronouns of `_OF_THE_ACTING` most likely refer to these words:
# "What did Petra Lindqvist say she would publish?", "Did the pair leave their rifles?". Not so in: "Who told
# her?", "What is the name of his brother?", "Where is the car that he bought?".
_ACTING = re.compile(
    rf"\b(?i:{AUXILIARY})(?: (?i:the|an?|any|all|some|many|most|both))? (?![a-z]+ed\b){CONTENT}\b"
    r"(?! of (?:his|her|its|their)\b| (?:(?:that|which|whom|ones?) )*(?:he|she|they)\b)"
)
_OF_THE_ACTING = re.compile(rf"\b(?:he|she|they|theirs|it(?= (?:{AUXILIARY})\b)|{_POSSESSIVE})\b")
# A noun or name that pronouns of `_OF_THE_NAMED` refer to: "Which country cancelled its orders?".
_NAMED = re.compile(
    rf"(?:\b(?i:which|what|the|an?) |(?<= )(?=[A-Z])){CONTENT}(?: (?i:{_FUNCTION})\b)* {CONTENT}"
)
_OF_THE_NAMED = re.compile(rf"\b(?:{_POSSESSIVE})\b")
# In a later clause, pronouns refer to anything that was named before: "Who bought the bridge and where is it
# now?".
_CLAUSE = re.compile(
    r"[,.;:]|\b(?:and|or|but|if|when|where|while|before|after|because|although|though|until|since|once|as"
    r"|unless|whether|why|how|what)\b",
    re.IGNORECASE,
)
_OF_ANYTHING = re.compile(
    r"(?<!\bthat )(?<!\bwhich )(?<!\bwhom )\b(?:he|she|it|they|him|her|them|his|hers|its|theirs?"
    r"|(?:him|her|it)self|themselves)\b",
    re.IGNORECASE,
)
# The beginning of a phrase before the main clause, as in "At the camp, did they sell rice?".
_FRONTED = re.compile(
    r"(?:in|at|on|by|for|from|to|of|under|with|during|according|apart|besides|after|before|when|if|because"
    rf"|since|as|until|while|although)\b(?! (?:which|what|whom|whose|how|{AUXILIARY})\b)",
    re.IGNORECASE,
)
# A question with fewer content words among other words, and without a name, is a fragment: "By whom?", "How
# many?".
FRAGMENT = 2


def refers_back(question: str) -> bool:
    """Return whether a question continues the turn before, or has a word that refers to something before."""
    if OPENING.match(question) or _ENDING.search(question):
        return True
    return not _ANAPHORS.isdisjoint(words(_NOT_ANAPHORIC.sub(" ", _without_bound(question))))


def _without_bound(question: str) -> str:
    """Return the question with "someone" for each pronoun that refers to something in the question."""
    for antecedent, pronouns in ((_ACTING, _OF_THE_ACTING), (_NAMED, _OF_THE_NAMED)):
        if match := antecedent.search(question):
            question = question[: match.end()] + pronouns.sub("someone", question[match.end() :])
    content_words = [
        word for word in re.finditer(r"\w+", question) if word[0].casefold() not in FUNCTION_WORDS
    ]
    if len(content_words) < FRAGMENT or _FRONTED.match(question):
        return question
    clause = _CLAUSE.search(question, content_words[FRAGMENT - 1].end())
    return (
        question[: clause.end()] + _OF_ANYTHING.sub("someone", question[clause.end() :])
        if clause
        else question
    )
