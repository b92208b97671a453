"""Reads mailboxes (.mbox): each message is read like an e-mail in a file of its own.

The module `mailbox` of the standard library opens a file for writing, which a reader must not do. It also
begins a message at each line that starts with "From ". Here, a message begins at such a line only if the
line has a time and a header follows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.kinds import read_source, unused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Document

MOST_MESSAGES = 200_000
SECONDS_A_MESSAGE = 0.002  # four times the usual time
# RFC 4155, "From address time". Every part of the pattern is bounded, because a line may have any length.
SEPARATOR = re.compile(
    rb"^From (?=[^\r\n]{0,300}?[0-9]{2}:[0-9]{2})[^\r\n]{1,400}+\r?\n(?=[!-9;-~]{1,100}+:)", re.MULTILINE
)
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_ID = re.compile(rb"^Message-ID:\s{0,100}<?([^<>\s]{1,900})", re.MULTILINE | re.IGNORECASE)
_HEADER = 100_000  # bytes of a message that are searched for its id


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the e-mails of a mailbox and their attachments, and an InputError for each refused message.

    An e-mail's id is "/" and its Message-ID, or else "/" and its number in the mailbox.

    Raises:
        InputError: naming the source, if it does not begin with a message, or has too many messages.
    """
    separators = [match.span() for match in SEPARATOR.finditer(source.data)]
    if not separators or source.data[: separators[0][0]].strip():
        raise InputError(
            f"{source.name} is not a mailbox: it does not begin with a line “From ADDRESS DATE” followed "
            "by an e-mail's header. Export it again as mbox, or save a single message as .eml."
        )
    if len(separators) > MOST_MESSAGES:
        raise InputError(f"{source.name} holds more than {MOST_MESSAGES:,} messages. Split it.")
    source.more_time(len(separators) * SECONDS_A_MESSAGE)
    ends = [start for start, _ in separators[1:]] + [len(source.data)]
    stem = PurePath(source.file_name).stem
    used: set[str] = set()
    for number, ((_, start), end) in enumerate(zip(separators, ends, strict=True), 1):
        data = _QUOTED.sub(b"", source.data[start:end])
        prefix = unused(f"/{_message_id(data) or number}", used)
        file_name = f"{stem}, message {number}.eml"
        message = replace(source, name=f"{source.name}, message {number}", file_name=file_name, data=data)
        try:
            for item in read_source(message, options):
                yield item if isinstance(item, InputError) else replace(item, id=prefix + item.id)
        except InputError as error:
            yield error


def _message_id(data: bytes) -> str:
    """Return the Message-ID in an e-mail's header, or "" if it has none."""
    header = re.split(rb"\r?\n\r?\n", data[:_HEADER], maxsplit=1)[0]
    match = _ID.search(header)
    text = match[1].decode("utf-8", "replace") if match else ""
    return "".join(character for character in text if character.isprintable())
