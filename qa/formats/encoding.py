"""The encoding of a text that does not name it: chardet's guess, checked; where it cannot be told, none."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from qa.errors import InputError

CONVERT = (
    "Save it as UTF-8 in an editor and try again; or convert it with iconv -f ENCODING -t UTF-8 OLD > NEW "
    "(Korean text is often in CP949, Chinese in GB18030, Western European in WINDOWS-1252)"
)

# The encodings of files that people have: without those of mainframes.
_LISTED = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u"),
    *("mac-roman", "mac-cyrillic", "mac-latin2", "cp437", "cp850", "cp852", "cp866", "cp932", "shift_jis"),
    *("euc-jp", "cp949", "euc-kr", "gb18030", "gb2312", "big5"),
)
_ENCODINGS = {codecs.lookup(name).name: name for name in _LISTED}
# What decodes all of the other, and more; tried first.
_WIDER = {
    "iso8859-1": "cp1252",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
}
# More files are in these: they are named where both give the same text.
_USUAL = {"iso8859-15": "cp1252", "iso8859-2": "cp1250", "iso8859-7": "cp1253", "iso8859-9": "cp1254"}
_NAMES = {
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp932": "Shift-JIS (CP932)",
    "cp949": "EUC-KR (CP949)",
    "mac-roman": "Mac Roman",
    "mac-cyrillic": "Mac Cyrillic",
    "mac-latin2": "Mac Central European",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    **{f"cp125{number}": f"Windows-125{number}" for number in range(9)},
    **{f"iso8859-{number}": f"ISO-8859-{number}" for number in range(1, 17)},
}
_SAID = ("utf-8-sig", "utf-16")
_SAMPLE = 100_000  # bytes that are looked at: lines that are not ASCII
_FEWEST = 2  # bytes that are not ASCII, by which an encoding may be told
_GUESSED = 3_000  # bytes of these that chardet is shown: it takes 0.1 s for them
# How sure chardet must be; how much less sure than of its first guess; how much surer than of another text.
_LEAST, _AS_SURE, _SURER = 0.2, 0.1, 0.005
_MOST_MIXED, _MOST_ODD = 0.2, 0.05
# Control characters of ISO 6429, but for NEL, and characters for private use.
_NO_TEXT = re.compile("[\x80-\x84\x86-\x9f\ue000-\uf8ff\ufffd]")
_WORD = re.compile(r"[^\W\d_]+")
# A sign within or after a word, where no language has it: "caf‚", as CP850 reads in Windows-1252.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u052f"
_ODD = re.compile(rf"[{_LETTER}](?:[^\x00-\x7f\w’‘“”«»–—…·´\u00a0\u00ad]+(?=[{_LETTER}])|[‚„¿¡†‡‰ˆ˜¨¸¯¦¤¬¶])")
_SCRIPT = re.compile("LATIN|CYRILLIC|GREEK|HEBREW|ARABIC|THAI")
_TAG = re.compile(rb"<[^<>]{0,1000}>")
_NULS = 4_096  # bytes in which they are looked for
_CHUNK = 1_000_000


def encoding_of(data: bytes) -> str:
    """Return the codec that a byte order mark at the beginning names, or else UTF-8; both drop the mark."""
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def guess_encoding(data: bytes) -> str:
    """Guess the codec of bytes that are no UTF-8 or UTF-16; "" where it cannot be told.

    All of the bytes are text in the codec that is returned.
    """
    import chardet
    from chardet.enums import EncodingEra

    sample = _sample(data)
    if sum(byte > 0x7F for byte in sample) < _FEWEST:
        return ""
    guesses = chardet.detect_all(
        sample[:_GUESSED], ignore_threshold=True, should_rename_legacy=False, encoding_era=EncodingEra.ALL
    )
    taken = taken_text = ""
    least = max(_LEAST, guesses[0]["confidence"] - _AS_SURE)
    for guess in guesses:
        if guess["confidence"] < least:
            break
        codec, text = _plausible(data, sample, guess["encoding"])
        if codec and not taken:
            taken, taken_text, least = codec, text, guess["confidence"] - _SURER
        elif codec and text != taken_text:
            return ""
    return taken


def _plausible(data: bytes, sample: bytes, encoding: str | None) -> tuple[str, str]:
    """Return the codec that a guess means, and the sample's text in it; "" where that is no text."""
    try:
        codec = _ENCODINGS.get(codecs.lookup(encoding or "").name, "")
    except LookupError:
        codec = ""
    for each in (_WIDER.get(codec, codec), codec) if codec else ():
        text = "" if _failure(data, each) else sample.decode(each, "replace").removesuffix("\ufffd")
        if text and _is_plausible(text):
            usual = _USUAL.get(each, each)
            is_same = not _failure(data, usual) and sample.decode(usual, "replace") == text
            return usual if is_same else each, text
    return "", ""


def codec_of(data: bytes, name: str) -> str:
    """Return the codec of a file's bytes, all of which it decodes. What is UTF-8 is read as UTF-8.

    Raises:
        InputError: naming `name`, when it cannot be told.
    """
    codec = encoding_of(data)
    if codec != "utf-16" and b"\0" in data[:_NULS]:
        if guessed := _utf_16(data):
            return guessed
        raise InputError(f"{name} is a binary file, not text. Save its text as a .txt file.")
    failed = _failure(data, codec)
    if not failed:
        return codec
    at, why = failed
    if codec == "utf-16":
        raise InputError(f"{name} is not UTF-16, though marked as it ({why} at byte {at}). {CONVERT}")
    if guessed := guess_encoding(data):
        return guessed
    line = data.count(b"\n", 0, at) + 1
    raise InputError(
        f"{name} is not UTF-8: byte 0x{data[at]:02x} at offset {at} (line {line}); and its bytes do not show "
        f"in which other encoding it is. {CONVERT}"
    )


def notes_on(codec: str) -> tuple[str, ...]:
    """Tell a reader which encoding was taken, where the file does not say it."""
    name = _NAMES.get(codec, "" if codec in _SAID else codec.upper())
    return (f"Read as {name}: the file does not say in which encoding it is.",) if name else ()


def _utf_16(data: bytes) -> str:
    """Tell the order of UTF-16 by its blanks and line ends, else its ASCII; "" where it is none."""
    body = data[: _SAMPLE & ~1]
    if len(data) % 2:
        return ""
    for counted in (b" \n\r\t", range(0x20, 0x7F)):
        little, big = (
            sum(
                not high and low in counted
                for low, high in zip(body[low::2], body[1 - low :: 2], strict=True)
            )
            for low in (0, 1)
        )
        if little != big and max(little, big) >= max(2, len(body) // 100):
            codec = "utf-16-le" if little > big else "utf-16-be"
            is_text = "\0" not in body.decode(codec, "replace") and not _failure(data, codec)
            return codec if is_text else ""
    return ""


def _sample(data: bytes) -> bytes:
    """Return the first lines that are not ASCII: only these tell one encoding from another."""
    found, size = [], 0
    for line in io.BytesIO(data):
        if not line.isascii():
            found.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return _TAG.sub(b" ", b"".join(found)[:_SAMPLE])


def _failure(data: bytes, codec: str) -> tuple[int, str] | None:
    """Return where a codec fails to decode bytes, and why; None where it decodes all of them."""
    start = len(codecs.BOM_UTF8) if codec == "utf-8-sig" and data.startswith(codecs.BOM_UTF8) else 0
    decoder = codecs.getincrementaldecoder("utf-8" if codec == "utf-8-sig" else codec)()
    while True:
        held = len(decoder.getstate()[0])
        end = start + _CHUNK
        try:
            decoder.decode(data[start:end], final=end >= len(data))
        except UnicodeDecodeError as error:
            return start - held + error.start, error.reason
        if end >= len(data):
            return None
        start = end


def _is_plausible(text: str) -> bool:
    """Whether words are of one script each, without signs and capitals in them, and all of it is text."""
    if _NO_TEXT.search(text):
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(len(set(map(_script, word)) - {""}) > 1 for word in words)
    odd = len(_ODD.findall(text)) + sum(map(_has_capital_within, words))
    return mixed <= _MOST_MIXED * len(words) and odd <= _MOST_ODD * len(words)


def _has_capital_within(word: str) -> bool:
    return any(a.islower() and b.isupper() and not b.isascii() for a, b in pairwise(word))


@lru_cache(maxsize=10_000)
def _script(letter: str) -> str:
    found = _SCRIPT.match(unicodedata.name(letter, ""))
    return found[0] if found else ""
