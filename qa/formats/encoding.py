"""Guesses the encoding of a text that does not name it: chardet's guess, checked. Doubtful bytes get none."""

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

# The encodings that people's files have. Encodings of mainframes are left out.
_LISTED = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u"),
    *("mac-roman", "mac-cyrillic", "mac-latin2", "cp437", "cp850", "cp852", "cp866", "cp932", "shift_jis"),
    *("euc-jp", "cp949", "euc-kr", "gb18030", "gb2312", "big5"),
)
_ENCODINGS = {codecs.lookup(name).name: name for name in _LISTED}
# Encodings that decode all text of another encoding, and more. The wider encoding is tried first.
_WIDER = {
    "iso8859-1": "cp1252",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
}
# More common encodings. If both encodings give the same text, the more common one is named.
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
_SAMPLE = 100_000  # maximum bytes that are examined
_FEWEST = 2  # minimum bytes that are not ASCII, to guess an encoding from them
_GUESSED = 3_000  # bytes of the sample that chardet gets: it takes 0.1 s for them
# Chardet's confidence in a guess is 0 to 1. These are its minimum, its maximum distance from the first guess,
# and its minimum lead over a guess that gives another text.
_LEAST, _AS_SURE, _SURER = 0.2, 0.1, 0.005
# Maximum number of words of mixed scripts, and of odd signs and capitals, for each word that is not ASCII.
_MOST_MIXED, _MOST_ODD = 0.2, 0.05
# Characters that no text has: control characters of ISO 6429 except NEL, private characters, U+FFFD.
_NO_TEXT = re.compile("[\x80-\x84\x86-\x9f\ue000-\uf8ff\ufffd]")
_WORD = re.compile(r"[^\W\d_]+")
# A sign within or after a word, where no language has one: "caf‚" is "café" in CP850, read as Windows-1252.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u052f"
_ODD = re.compile(rf"[{_LETTER}](?:[^\x00-\x7f\w’‘“”«»–—…·´\u00a0\u00ad]+(?=[{_LETTER}])|[‚„¿¡†‡‰ˆ˜¨¸¯¦¤¬¶])")
_SCRIPT = re.compile("LATIN|CYRILLIC|GREEK|HEBREW|ARABIC|THAI")
_TAG = re.compile(rb"<[^<>]{0,1000}>")
_NULS = 4_096  # first bytes that are searched for NULs
_CHUNK = 1_000_000  # bytes that are decoded at once


def encoding_of(data: bytes) -> str:
    """Return the codec that a byte order mark at the beginning names, or else UTF-8. Both drop the mark."""
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def guess_encoding(data: bytes) -> str:
    """Return the likely codec of bytes that are neither UTF-8 nor UTF-16, or "" if the codec is in doubt.

    The returned codec decodes all of the bytes.
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
    """Return the codec that a guess means, and the sample's text in it. Both are "" if the guess is wrong."""
    try:
        codec = _ENCODINGS.get(codecs.lookup(encoding or "").name, "")
    except LookupError:
        codec = ""
    for candidate in (_WIDER.get(codec, codec), codec) if codec else ():
        text = "" if _failure(data, candidate) else sample.decode(candidate, "replace").removesuffix("\ufffd")
        if text and _is_plausible(text):
            usual = _USUAL.get(candidate, candidate)
            is_same = not _failure(data, usual) and sample.decode(usual, "replace") == text
            return usual if is_same else candidate, text
    return "", ""


def codec_of(data: bytes, name: str) -> str:
    """Return a codec that decodes all of a file's bytes. Valid UTF-8 is read as UTF-8.

    Raises:
        InputError: naming `name`, when the codec is in doubt, or the bytes are binary or wrongly marked as
            UTF-16.
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
        raise InputError(f"{name} is marked as UTF-16, but is not ({why} at byte {at}). {CONVERT}")
    if guessed := guess_encoding(data):
        return guessed
    line = data.count(b"\n", 0, at) + 1
    raise InputError(
        f"{name} is not UTF-8: byte 0x{data[at]:02x} at offset {at} (line {line}), and its bytes do not show "
        f"which other encoding it has. {CONVERT}"
    )


def notes_on(codec: str) -> tuple[str, ...]:
    """Return a note that names the codec for the reader, or no note for the codecs of `encoding_of`."""
    name = _NAMES.get(codec, "" if codec in _SAID else codec.upper())
    return (f"Read as {name}: the file does not name its encoding.",) if name else ()


def _utf_16(data: bytes) -> str:
    """Return the codec of UTF-16 without a byte order mark, or "" if the bytes are not UTF-16.

    The byte order follows from blanks and line ends, or else from all ASCII characters.
    """
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
    """Return the first lines that are not ASCII, without tags. Only such lines differ between encodings."""
    lines, size = [], 0
    for line in io.BytesIO(data):
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return _TAG.sub(b" ", b"".join(lines)[:_SAMPLE])


def _failure(data: bytes, codec: str) -> tuple[int, str] | None:
    """Return where and why a codec fails to decode bytes, or None if it decodes all of them."""
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
    """Return whether all characters are text, and most words have one script and no signs or capitals inside.

    Only words that are not ASCII count.
    """
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
    match = _SCRIPT.match(unicodedata.name(letter, ""))
    return match[0] if match else ""
