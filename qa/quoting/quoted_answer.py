"""An answer with methods that write it. Each of them checks each quote against the library."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

from qa.errors import LibraryError
from qa.quoting import render
from qa.schema import Answer
from qa.text.display import plural

if TYPE_CHECKING:
    from qa.quoting.cite import DocumentReader


class QuotedAnswer(Answer):
    r"""An answer with the library that it comes from. `Corpus.ask` returns it.

    Each method that writes the answer reads the source of each quote again. It raises VerbatimError if the
    source has changed or has been removed since. The library must still be open.

    >>> answer = corpus.ask("Which factory was stripped of its metal?")
    >>> answer
    <QuotedAnswer: answered, 1 quote, to 'Which factory was stripped of its metal?'>
    >>> print(answer)
    Question: Which factory was stripped of its metal?
    ...
    >>> print(answer.to_markdown())
    **Question: Which factory was stripped of its metal?**
    ...

    A copy of the answer has no library, and neither has an answer that was stored and read again. Their
    methods raise LibraryError.
    """

    __slots__ = ("_read_document",)
    _read_document: DocumentReader

    @classmethod
    def of(cls, answer: Answer, read_document: DocumentReader) -> Self:
        """Return a `QuotedAnswer` that reads its documents by `read_document` (`Corpus.document`)."""
        made = cls(**{field.name: getattr(answer, field.name) for field in fields(answer)})
        # This is not a dataclass field, because a copied or stored answer must not contain its library.
        object.__setattr__(made, "_read_document", read_document)
        return made

    @property
    def read_document(self) -> DocumentReader:
        """Return the function that reads the document of an id as it is in the library now.

        Raises:
            LibraryError: the answer is a copy.
        """
        try:
            return self._read_document
        except AttributeError:
            raise LibraryError(
                "this answer is a copy, apart from its library: ask again, or write it by qa.quoting.render"
            ) from None

    def __repr__(self) -> str:
        """Return the outcome and the question in one line, without quotes, because nothing is checked."""
        count = plural(len(self.shown), "quote")
        return f"<QuotedAnswer: {self.outcome}, {count}, to {self.question!r}>"

    def __str__(self) -> str:
        """Return the answer as plain text, as `pullquote ask` prints it into a file."""
        return render.to_text(self, self.read_document)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer line of `pullquote ask --json`.

        >>> line = corpus.ask("Which factory was stripped of its metal?").to_dict()
        >>> line["outcome"], line["quotes"][0]["citation"]["locator"]
        ('answered', 'paragraph 3')
        """
        return render.to_dict(self, self.read_document)

    def to_markdown(self) -> str:
        """Return the answer as Markdown. Quotes are block quotes (see `qa.quoting.markdown.to_markdown`)."""
        from qa.quoting.markdown import to_markdown

        return to_markdown(self, self.read_document)

    def to_html(self) -> str:
        """Return the answer as a piece of HTML without scripts (see `qa.quoting.html.to_html`)."""
        from qa.quoting.html import to_html

        return to_html(self, self.read_document)

    def _repr_html_(self) -> str:
        """Return the answer as HTML, which a notebook shows."""
        return self.to_html()
