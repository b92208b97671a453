"""Opens files that are ZIP packages of XML (DOCX, XLSX, PPTX, ODT, EPUB), and limits their size.

`python-docx` and `odfdo` unpack and parse whatever they are given, so `open_package` checks a package first.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from lxml import etree

from qa.errors import InputError

if TYPE_CHECKING:
    from qa.formats.source import Source

MOST_MEMBERS = 10_000
MOST_UNPACKED = 300_000_000  # bytes of all members, pictures included
MOST_XML = 20_000_000  # bytes of one parsed member, which may take thirty times as much memory
_OLE = b"\xd0\xcf\x11\xe0"
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError),
    RuntimeError,  # a member needs a password, though it is not marked as locked
)
_PARSED = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")


def open_package(source: Source, what: str, most_xml: int = MOST_XML) -> zipfile.ZipFile:
    """Open a package, after a check that the sizes in its table of contents are within the limits.

    `zipfile` stops reading a member at the size in the table. `what` is the format's name. `most_xml` is the
    maximum size of an XML member, in bytes.

    Raises:
        InputError: if the source is not a ZIP file, is cut off, needs a password, or unpacks to too much.
    """
    if source.data.startswith(_OLE):
        raise InputError(
            f"{source.name} is not a {what} file: it is locked by a password, or is an old Microsoft "
            "Office file. "
            f"Save it without a password as {what}."
        )
    try:
        package = zipfile.ZipFile(io.BytesIO(source.data))
    except DAMAGED as error:
        cut_off = source.data.startswith(b"PK")
        raise InputError(
            f"{source.name} is {'damaged or cut off' if cut_off else f'no {what} file'} ({error}). "
            f"Copy it again, or save it as {what} with its program."
        ) from None
    members = package.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(f"{source.name} holds over {MOST_MEMBERS:,} files: a bomb. Leave it out.")
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"{source.name} is locked by a password. Save it without a password.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED:
        raise InputError(
            f"{source.name} unpacks to {unpacked / 1e6:,.0f} MB, more than {MOST_UNPACKED / 1e6:,.0f}: "
            "a bomb, or a file of many pictures. Save it without them."
        )
    for member in members:
        if member.file_size > most_xml and member.filename.lower().endswith(_PARSED):
            raise InputError(
                f"{source.name} holds {member.file_size / 1e6:,.0f} MB of XML in {member.filename}, more "
                f"than {most_xml / 1e6:,.0f}: a bomb, or a very long text. Split it."
            )
    return package


def read_member(package: zipfile.ZipFile, name: str, where: str) -> bytes:
    """Return the bytes of a member.

    Raises:
        InputError: naming `where`, if the member is missing, too large or damaged.
    """
    try:
        info = package.getinfo(name)
        if info.file_size > MOST_XML:
            raise InputError(f"{where} holds {info.file_size / 1e6:,.0f} MB in {name}. Split its text.")
        return package.read(info)
    except KeyError:
        raise InputError(
            f"{where} has no {name}, which it must have. Save it again with its program."
        ) from None
    except DAMAGED as error:
        raise InputError(
            f"{where} is damaged in {name} ({error}). Copy it again, or save it again with its program."
        ) from None


def parse_xml(data: bytes, where: str) -> Any:
    """Parse untrusted XML. The parser fetches nothing, and limits depth and size.

    Raises:
        InputError: naming `where`, if the XML is not well-formed, or declares entities.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(
            f"{where} is not well-formed XML ({error}). Save it again with its program."
        ) from None
    check_entities(root, where)
    return root


def check_entities(root: Any, where: str) -> None:
    """Raise an error if XML declares its own entities. Documents need none, and "XML bombs" consist of them.

    Raises:
        InputError: naming `where`.
    """
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError(
            f"{where} declares XML entities, which are not read, as they can be harmful. Save it again "
            "with its program."
        )
