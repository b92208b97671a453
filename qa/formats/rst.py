"""Reads reStructuredText: the words of the text in separate blocks, without the markup.

docutils parses the file. It includes no other file, fetches nothing and runs nothing. Its directives that
would make text (a table of contents, numbers of sections, the date) make none. Sphinx's roles and directives
are read as the words in them. The list of fields at the top becomes metadata, and stays in the text.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import PurePath
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Directive, Parser, directives, roles
from docutils.transforms.frontmatter import DocTitle
from docutils.transforms.references import Footnotes
from docutils.utils import new_document

from qa.errors import InputError
from qa.formats.block_quotes import marked
from qa.formats.blocks import Look, Part, compose, row
from qa.formats.markdown import field_of
from qa.formats.markup import RAISED
from qa.formats.numerals import numeral
from qa.formats.properties import with_properties
from qa.formats.text import MOST_CHARACTERS, decode
from qa.schema import Document
from qa.text.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qa.formats.source import Options, Source
    from qa.text.written_dates import DateOrder

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "halt_level": 5,
    "report_level": 5,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": MOST_CHARACTERS,
}
_DIRECTIVE = re.compile(r"\.\. +(\|[^|]+\|\s+)?([\w:.+-]+?) ?::(?: (.*))?((?:\n *:[\w.+-]+:(?=\s|$).*)*)")
# Directives without text. Those of the second set hold what a reader may miss: a remark names them.
_SILENT = frozenset(
    """date toctree index highlight module currentmodule default-domain tabularcolumns contents sectnum
    section-numbering header footer meta target-notes program testsetup testcleanup""".split()
)
_LEFT_OUT = frozenset(
    "graphviz digraph graph inheritance-diagram mermaid uml plantuml plot literalinclude include raw".split()
)
# Directives with an argument that is no text: conditions, names of files, of classes and of languages.
_UNSAID = frozenset(
    """only ifconfig image figure code code-block sourcecode container class rst-class cssclass role
    default-role unicode replace doctest testcode testoutput code-tab ipython grid""".split()
)
_RELEASES = frozenset("versionadded versionchanged versionremoved deprecated".split())
# Roles without targets. A "<" in such a role is text.
_LITERAL = frozenset("command file samp kbd guilabel menuselection option program expr".split())
_docutils_directive, _docutils_role = directives.directive, roles.role
_STYLES = {"arabic": "1", "loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_LOST = 3  # the level of docutils' messages on text that it could not parse
_LONGEST_REPLACEMENT = 1_000  # characters of a substitution; a longer one would make a small file large
_UNSEEN = (nodes.comment, nodes.image, nodes.pending, nodes.raw, nodes.substitution_definition)
_BEFORE_FIELDS = (*_UNSEEN, nodes.title, nodes.subtitle, nodes.system_message)
_QUOTE = Look(0, 0, quotes=True, other=False)
_BODY = Look(0, 0, quotes=False, other=False)


class _AnyOption(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return lambda value: value


_ANY = _AnyOption(name=directives.unchanged)  # docutils asks an empty one for nothing


class _Wordless(Directive):  # type: ignore[misc]  # docutils ships no types
    """A directive that gives no text, whatever stands in it."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _ANY

    def run(self) -> list[Any]:
        if self.name.lower() not in _LEFT_OUT:
            return []
        return [self.reporter.warning("", nodes.literal_block(self.block_text, self.block_text))]


class _Unknown(_Wordless):
    """A directive that docutils does not know, such as those of Sphinx: its argument and its content."""

    def run(self) -> list[Any]:
        held, name = nodes.container(), self.name.lower()
        for argument in self.arguments:
            if name not in _UNSAID and (name not in _RELEASES or len(argument.split()) > 1):
                words, messages = self.state.inline_text(argument, self.lineno)
                held += [nodes.paragraph("", "", *words), *messages]
        if self.content:
            self.state.nested_parse(self.content, self.content_offset, held)
        return [held]


class _Lenient(Directive):  # type: ignore[misc]
    """A directive of docutils that takes any option, and drops those with which it can do nothing."""

    known: dict[str, Any]
    options: dict[str, Any]

    def run(self) -> list[Any]:
        given, self.options = self.options, {}
        for name, value in given.items():
            with suppress(AttributeError, KeyError, TypeError, ValueError):
                self.options[name] = self.known[name](value)
        words, messages = self.state.inline_text(given.get("caption") or "", self.lineno)
        caption = [nodes.paragraph("", "", *words), *messages] if words else []
        return [*caption, *super().run()]


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of a reStructuredText file.

    Raises:
        InputError: if the file is empty, binary, in an unknown encoding, nested too deep, or has too many
            links in a paragraph.
    """
    decoded = decode(source.data, source.name)
    try:
        tree = _parsed(decoded.text)
        reader = _Reader(tree)
        parts = [*reader.parts(tree), *reader.notes()]
    except RecursionError:
        raise InputError(
            f"{source.name} is nested too deep to be read, or has too many links in a paragraph. "
            "Save its text as a .txt file."
        ) from None
    composed = compose(marked(parts) if options.as_report else parts)
    fields, doubts = _fields(tree, options.date_order)
    document = Document(
        id="",
        text=composed.text,
        sections=composed.sections,
        format="rst",
        notes=(*decoded.notes, *doubts, *reader.remarks()),
    )
    yield with_properties(
        document,
        fields,
        "the fields at its top",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
        published=True,
    )


def _parsed(text: str) -> Any:
    """Return docutils' tree of a text, with the title and the numbers of notes."""
    settings = get_default_settings(Parser)
    for name, value in _SETTINGS.items():
        setattr(settings, name, value)
    settings.doctitle_xform = True
    settings.sectsubtitle_xform = False
    tree = new_document("", settings)
    with _words_of_all():
        Parser().parse(text, tree)
    tree.transformer.transforms.clear()  # transforms that directives ask for would add text
    tree.transformer.add_transforms([DocTitle, Footnotes])
    tree.transformer.apply_transforms()
    return tree


@contextmanager
def _words_of_all() -> Iterator[None]:
    """Make docutils read roles and directives that it does not know as their words, while a text is parsed.

    docutils keeps the roles that a text defines in the module. The next text does not have them.
    """
    before = dict(roles._roles)
    directives.directive, roles.role = _directive, _role
    try:
        yield
    finally:
        directives.directive, roles.role = _docutils_directive, _docutils_role
        roles._roles.clear()
        roles._roles.update(before)


def _directive(name: str, language: Any, tree: Any) -> tuple[Any, list[Any]]:
    if _is_wordless(name):
        return _Wordless, []
    known, _ = _docutils_directive(name, language, tree)
    if known is None:
        return _Unknown, []
    options = _ANY if known.option_spec else None
    return type("_", (_Lenient, known), {"option_spec": options, "known": known.option_spec}), []


def _is_wordless(name: str) -> bool:
    return name.lower() in _SILENT | _LEFT_OUT or name.lower().startswith("auto")


def _role(*asked: Any) -> tuple[Any, list[Any]]:
    known, _ = _docutils_role(*asked)
    return (_in_words if known in {None, roles.unimplemented_role} else known), []


def _in_words(name: str, raw: str, text: str, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    """Return the words of a role that docutils does not know: "words" of `:ref:`words <target>``."""
    words, target = text.rpartition("<")[::2]
    if target.endswith(">") and words[-1:].isspace() and name.rpartition(":")[2].lower() not in _LITERAL:
        text = words.strip()
    return [nodes.inline(raw, nodes.unescape(text).lstrip("!~"))], []


def _fields(tree: Any, order: DateOrder) -> tuple[dict[str, str | None], list[str]]:
    """Return the title and the fields at the top of a text, and a note on a date that names no day."""
    values: dict[str, str | None] = {"title": tree.get("title", "")}
    first = next((node for node in tree.children if not isinstance(node, _BEFORE_FIELDS)), None)
    doubts = []
    for field in first.children if isinstance(first, nodes.field_list) else ():
        name, body = field.children[0].astext(), field.children[-1]
        field_name = field_of(name)
        separator = "; " if field_name == "author" else " "
        paragraphs = (paragraph.astext() for paragraph in body.findall(nodes.paragraph))
        value = " ".join(separator.join(paragraphs).split())
        before = values.get(field_name) if field_name else ""
        if field_name == "author" and value and before:
            values[field_name] = f"{before}; {value}"
        elif field_name and value and not before:
            values[field_name] = value.strip("$ ").removeprefix("Date: ") if field_name == "date" else value
    if written := values.pop("date", None):
        date, doubt = read_date(written, order)
        values["date"] = date.isoformat() if date else ""
        if not date and not doubt:
            doubt = f"The date “{written}” names no day; it was left out."
        doubts += [doubt] if doubt else []
    return values, doubts


class _Reader:
    """Reads the nodes of one tree as parts, in the order of the text."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._notes: list[Any] = []
        self._lists = 0
        self._quotes = 0
        self._left_out: dict[str, None] = {}
        self._replacements: dict[str, str] = {}

    def notes(self) -> list[Part]:
        """Return the footnotes and citations, outside any section."""
        parts = [Part("section", "")]
        for note in self._notes:
            label = next((child.astext() for child in note.children if isinstance(child, nodes.label)), "")
            own = self._all(child for child in note.children if not isinstance(child, nodes.label))
            if own:
                own[0] = own[0]._replace(text=f"[{label}] {own[0].text}")
                parts += [Part("footnote", label), *own]
        return parts

    def remarks(self) -> list[str]:
        names = ", ".join(self._left_out)
        return [f"Left out, as it is no text or cannot be read: {names}."] if names else []

    def parts(self, node: Any) -> list[Part]:
        """Return the blocks of a node."""
        if isinstance(node, _UNSEEN):
            return []
        if isinstance(node, nodes.system_message):
            return self._unparsed(node)
        if isinstance(node, (nodes.footnote, nodes.citation)):
            self._notes.append(node)
            return []
        if isinstance(node, nodes.table):
            return self._table(node)
        if isinstance(node, (nodes.bullet_list, nodes.enumerated_list)):
            return self._list(node)
        if isinstance(node, nodes.block_quote):
            self._quotes += 1
            parts = self._all(node.children)
            self._quotes -= 1
            return parts
        if isinstance(node, nodes.definition_list_item):
            *names, body = node.children
            return [self._part(" : ".join(map(self._words, names))), *self.parts(body)]
        if isinstance(node, nodes.field):
            name, *body = node.children
            return self._after(f"{self._words(name)}: ", body)
        if isinstance(node, nodes.option_list_item):
            names, *body = node.children
            return self._after(", ".join(option.astext() for option in names.children) + "  ", body)
        if isinstance(node, nodes.line_block):
            return [self._part("\n".join(self._lines(node)))]
        if isinstance(node, nodes.FixedTextElement):
            return [Part("paragraph", self._words(node, keep_space=True))]
        if isinstance(node, nodes.title) and isinstance(node.parent, (nodes.section, nodes.document)):
            return [Part("heading", self._words(node))]
        if isinstance(node, nodes.attribution):
            return [self._part(f"— {self._words(node)}")]
        if isinstance(node, nodes.TextElement):
            return [self._part(words)] if (words := self._words(node)) else []
        return self._all(node.children)

    def _all(self, children: Iterable[Any]) -> list[Part]:
        return [part for child in children for part in self.parts(child)]

    def _part(self, words: str) -> Part:
        return Part("paragraph", words, _QUOTE if self._quotes else _BODY)

    def _after(self, words: str, body: list[Any]) -> list[Part]:
        """Return blocks, the first of which begins with the given words."""
        first, *rest = self._all(body) or [self._part("")]
        return [first._replace(kind="item", text=f"{words}{first.text}".strip()), *rest]

    def _list(self, node: Any) -> list[Part]:
        """Return the items of a list and of lists inside it, with their numbers or bullets."""
        parts: list[Part] = []
        number = node.get("start", 1)
        indent = "  " * self._lists
        self._lists += 1
        for item in node.children:
            mark = "- "
            if isinstance(node, nodes.enumerated_list):
                style: Any = _STYLES.get(node["enumtype"], "1")
                mark = f"{node['prefix']}{numeral(number, style)}{node['suffix']} "
                number += 1
            own = self.parts(item)
            if own and own[0].kind == "paragraph":
                own[0] = Part("item", f"{indent}{mark}{own[0].text}")
            parts += own
        self._lists -= 1
        return [*parts, Part("break", "")] if not self._lists else parts

    def _table(self, node: Any) -> list[Part]:
        """Return the caption of a table and its rows. A cell over several rows is in the first of them."""
        parts = [self._part(self._words(child)) for child in node.children if isinstance(child, nodes.title)]
        groups = [child for child in node.children if isinstance(child, nodes.tgroup)]
        bodies = [
            child for group in groups for child in group.children if not isinstance(child, nodes.colspec)
        ]
        covered: Counter[int] = (
            Counter()
        )  # by the number of a column, the rows that a cell above still covers
        for table_row in (table_row for body in bodies for table_row in body.children):
            cells: list[list[Part]] = []
            for entry in table_row.children:
                while covered[len(cells)]:
                    covered[len(cells)] -= 1
                    cells.append([])
                for column in range(1 + entry.get("morecols", 0)):
                    covered[len(cells)] = entry.get("morerows", 0)
                    cells.append([] if column else self._all(entry.children))
            parts += row(cells)
        return [Part("break", ""), *parts, Part("break", "")]

    def _unparsed(self, node: Any) -> list[Part]:
        """Return the words that docutils could not parse, such as a table whose lines do not meet.

        A directive without text is left out instead, and named in a remark. Of another, the words of its
        argument and of its content are kept.
        """
        blocks = [child.astext() for child in node.children if isinstance(child, nodes.literal_block)]
        if blocks and (directive := _DIRECTIVE.match(blocks[0])):
            substitution, name, argument, _ = directive.groups("")
            body = dedent(blocks[0][directive.end() :])
            blocks = ["" if name.lower() in _UNSAID else argument, body.strip("\n")]
            if substitution or node["level"] < _LOST or _is_wordless(name) or not any(blocks):
                self._left_out[name] = None
                return []
        return [Part("paragraph", words) for words in blocks if words and node["level"] >= _LOST]

    def _lines(self, node: Any) -> Iterator[str]:
        for child in node.children:
            if isinstance(child, nodes.line_block):
                yield from self._lines(child)
            else:
                yield self._words(child)

    def _words(self, node: Any, *, keep_space: bool = False) -> str:
        words = "".join(self._pieces(node))
        return words if keep_space else " ".join(words.split())

    def _pieces(self, node: Any) -> Iterator[str]:
        """Yield the visible words of a node."""
        if isinstance(node, nodes.Text):
            yield node.astext()
        elif isinstance(node, (nodes.footnote_reference, nodes.citation_reference)):
            yield f"[{node.astext()}]"
        elif isinstance(node, nodes.substitution_reference):
            yield self._replacement(node)
        elif isinstance(node, nodes.superscript) and re.fullmatch(r"[-+−0-9]+", node.astext()):
            yield node.astext().translate(RAISED)  # 10⁶ is not 106
        elif not isinstance(node, _UNSEEN):
            for child in node.children:
                yield from self._pieces(child)

    def _replacement(self, node: Any) -> str:
        """Return what stands for a substitution in the text: its definition, or its name if it has none."""
        definitions = self._tree.substitution_defs
        name = node["refname"]
        if name not in definitions:
            name = self._tree.substitution_names.get(nodes.fully_normalize_name(name), name)
        if name not in self._replacements:
            self._replacements[name] = f"|{node.astext()}|"  # also for a definition that refers to itself
            definition = definitions.get(name)
            if definition is not None and len(definition.astext()) <= _LONGEST_REPLACEMENT:
                words = "".join(piece for child in definition.children for piece in self._pieces(child))
                if len(words) <= _LONGEST_REPLACEMENT:
                    self._replacements[name] = words
        return self._replacements[name]
