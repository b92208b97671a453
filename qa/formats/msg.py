"""Reads Outlook messages (.msg): converts them to e-mails for `qa.formats.mail`.

`python-oxmsg` parses the file. If the file has the message's original e-mail headers, they are used.
"""

from __future__ import annotations

import io
from email.contentmanager import raw_data_manager
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.policy import compat32
from email.utils import format_datetime
from typing import TYPE_CHECKING, cast

from oxmsg import Message
from oxmsg.properties import Properties
from oxmsg.storage import Storage

from qa.errors import InputError
from qa.formats.mail import read_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oxmsg.attachment import Attachment

    from qa.formats.source import Options, Source
    from qa.schema import Document

_CAME_WITH = ("From", "Date", "Message-ID", "Archived-At")
_SENDER_NAME = 0x0C1A
_SHORT_NAME = 0x3704
_RTF = 0x1009  # the body as compressed RTF
_INNER, _INNER_HEADER = "__substg1.0_3701000D", 24  # the storage of an attached message
_UNNAMED = "an attachment without a name"
_DAMAGED = "is damaged, or is not an Outlook message"


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a message and the documents attached to it. An attachment's id begins with "/" and its name.

    Raises:
        InputError: naming the source, if it is damaged, or has neither text nor an attachment in a supported
            format.
    """
    try:
        message, links = _as_email(Message.load(io.BytesIO(source.data)), source.name)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # hostile bytes may make the parser raise any error
        raise InputError(
            f"{source.name} {_DAMAGED} ({type(error).__name__}: {str(error)[:200]}). Save the message again "
            "from Outlook, as .msg or .eml."
        ) from None
    listed = ", ".join(f"“{name}”" for name in links)
    notes = (f"Attached as links, and not read: {listed}.",) if links else ()
    yield from read_message(message, source, options, "msg", notes)


def _as_email(outlook_message: Message, name: str) -> tuple[EmailMessage, list[str]]:
    """Convert a message to an e-mail, and return the names of attachments that are only links to files.

    Raises:
        InputError: naming `name`, if the message has its text only in RTF.
    """
    message = EmailMessage(
        policy=compat32
    )  # this policy leaves the headers as they are, and `qa.formats.mail` decodes them
    came = {key.lower(): value for key, value in outlook_message.message_headers.items()}
    values = {key: came.get(key.lower(), "") for key in _CAME_WITH}
    values["From"] = (
        values["From"]
        or outlook_message.sender
        or outlook_message.properties.str_prop_value(_SENDER_NAME)
        or ""
    )
    if not values["Date"] and outlook_message.sent_date:
        values["Date"] = format_datetime(outlook_message.sent_date)
    for key, value in {**values, "Subject": outlook_message.subject}.items():
        if value.strip():
            message[key] = " ".join(value.split())
    body, page = outlook_message.body or "", outlook_message.html_body or ""
    if body.strip():
        message.set_content(body, content_manager=raw_data_manager)
    elif page.strip():
        message.set_content(page, subtype="html", content_manager=raw_data_manager)
    elif outlook_message.properties.binary_prop_value(_RTF):
        raise InputError(f"{name} has its text only as Outlook's RTF. Save the message as .eml or as text.")
    else:
        message.set_content("", content_manager=raw_data_manager)
    links = []
    for attachment in outlook_message.attachments:
        title = attachment.file_name or attachment.properties.str_prop_value(_SHORT_NAME) or _UNNAMED
        within = next((part for part in _storages(attachment) if part.name == _INNER), None)
        if within is not None:
            inner, more = _as_email(_InnerMessage(within), name)
            links += more
            if message.get_content_type() != "multipart/mixed":
                message.make_mixed()
            message.attach(cast("EmailMessage", MIMEMessage(inner)))
        elif attachment.file_bytes is None:
            links.append(title)
        else:
            message.add_attachment(
                attachment.file_bytes,
                maintype="application",
                subtype="octet-stream",
                filename=title,
                content_manager=raw_data_manager,
            )
    return message, links


def _storages(attachment: Attachment) -> tuple[Storage, ...]:
    storage = attachment._storage
    return storage.storages if isinstance(storage, Storage) else ()


class _InnerMessage(Message):
    """A message that is attached to another message. Its properties have a shorter header."""

    @property
    def properties(self) -> Properties:
        """Return the properties of the message."""
        return Properties(self._storage, properties_header_offset=_INNER_HEADER)
