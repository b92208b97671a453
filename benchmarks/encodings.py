"""Measure how many texts without a stated encoding are read in the right encoding.

usage: python -m benchmarks.encodings FOLDER [--texts N] [--seed N]

FOLDER has UTF-8 texts in many languages, named LANGUAGE.txt. Debian's package installation-guide-amd64 has
such texts (`apt-get download`, `dpkg-deb -x`, `gunzip`). N runs of paragraphs are taken from each text, of
100 to 5,000 characters and not only in ASCII. Each run is written in each usual encoding of the language, and
read. The shares of right, wrong and refused texts are printed.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (100, 300, 1_000, 5_000)
# Languages that were written in each encoding.
WRITTEN = {
    "windows-1252": "ca da de en es fr it nl pt sv",
    "iso-8859-1": "ca da de es fr it nl pt sv",
    "iso-8859-15": "de es fr nl pt",
    "mac-roman": "da de en es fr it nl pt sv",
    "cp850": "da de es fr it nl pt sv",
    "windows-1250": "cs hu",
    "iso-8859-2": "cs hu",
    "windows-1251": "ru uk",
    "koi8-r": "ru",
    "koi8-u": "uk",
    "iso-8859-5": "ru",
    "cp866": "ru",
    "windows-1253": "el",
    "iso-8859-7": "el",
    "shift_jis": "ja",
    "euc-jp": "ja",
    "euc-kr": "ko",
    "gb18030": "zh_CN",
    "utf-16-le": "cs de el en fr ja ko ru zh_CN",
    "utf-16-be": "cs de el en fr ja ko ru zh_CN",
    "utf-8": "ca cs da de el en es fr hu it ja ko nl pt ru sv uk vi zh_CN",
}


def main() -> None:
    """Read the texts, and print the shares of right, wrong and refused texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=int, default=20, help="of each size, language and encoding (20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--charset-normalizer", action="store_true", help="read by that library's best guess instead"
    )
    given = parser.parse_args()
    read = by_charset_normalizer if given.charset_normalizer else by_pullquote
    print("| characters | texts | right | wrong | refused | ms a text |\n|---|---|---|---|---|---|")
    by_encoding: dict[str, Counter[str]] = {encoding: Counter() for encoding in WRITTEN}
    for size in SIZES:
        began, count = time.perf_counter(), Counter[str]()
        for encoding, languages in WRITTEN.items():
            for language in languages.split():
                rng = random.Random(f"{given.seed} {language} {size}")
                for text in runs(given.folder / f"{language}.txt", size, given.texts, rng):
                    outcome = read(text, encoding)
                    count[outcome] += 1
                    by_encoding[encoding][outcome] += 1
        took = 1_000 * (time.perf_counter() - began) / count.total()
        print(f"| {size:,} | {count.total():,} | {shares(count)} | {took:.0f} |", flush=True)
    print("\n| encoding | texts | right | wrong | refused |\n|---|---|---|---|---|")
    for encoding, count in by_encoding.items():
        print(f"| {encoding} | {count.total():,} | {shares(count)} |")


def shares(count: Counter[str]) -> str:
    """Return the shares of right, wrong and refused texts as cells of a table."""
    return " | ".join(
        f"{100 * count[outcome] / count.total():.1f} %" for outcome in ("right", "wrong", "refused")
    )


def runs(path: Path, size: int, number: int, rng: random.Random) -> Iterator[str]:
    """Yield `number` runs of about `size` characters. Each begins with a paragraph that is not ASCII."""
    paragraphs = [
        " ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))
    ]
    starts = [
        at
        for at, paragraph in enumerate(paragraphs)
        if len(paragraph) > SIZES[0] // 2 and not paragraph.isascii()
    ]
    for _ in range(number):
        at, text = rng.choice(starts), ""
        while len(text) < size and at < len(paragraphs):
            text += f"{paragraphs[at]}\n\n"
            at += 1
        yield text


def by_pullquote(text: str, encoding: str) -> str:
    """Return "right", "wrong" or "refused" for Pullquote. Characters that the encoding lacks are left out."""
    data = text.encode(encoding, "ignore")
    try:
        return "right" if decode(data, "a text").text == data.decode(encoding) else "wrong"
    except InputError:
        return "refused"


def by_charset_normalizer(text: str, encoding: str) -> str:
    """Return "right", "wrong" or "refused" for the best guess of charset-normalizer."""
    from charset_normalizer import from_bytes

    data = text.encode(encoding, "ignore")
    match = from_bytes(data).best()
    if match is None:
        return "refused"
    return "right" if data.decode(match.encoding, "replace") == data.decode(encoding) else "wrong"


if __name__ == "__main__":
    main()
