"""The errors that Pullquote raises. Each message says what happened, to what, and what to do next.

`code` is the stable name that scripts see. `exit_code` is the exit code of the command line.
"""

from __future__ import annotations


class PullquoteError(Exception):
    """Base class of all errors that Pullquote raises on purpose."""

    code = "error"
    exit_code = 4


class InputError(PullquoteError):
    """A file, folder or record that cannot be read as a document, or a filter that makes no sense."""

    code = "bad_input"
    exit_code = 3


class UnstorableError(InputError):
    """A value that the library's database cannot store, such as a NUL character in PostgreSQL."""


class PartlyReadError(InputError):
    """A part of a file was not read, such as a file of another kind in an archive. This is not a failure."""

    code = "partly_read"


class TextColumnError(InputError):
    """A table whose text column is not known. It can be read once a person names the column.

    Attributes:
        columns: pairs of a column's name and the beginning of a value in the column.
    """

    code = "text_column"

    def __init__(self, message: str, columns: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.columns = columns


class OutputError(InputError):
    """An option names a file that may not be written, for example because it holds something else."""

    code = "bad_output"


class QuestionError(InputError):
    """A question that cannot be asked: empty, too long, not text."""

    code = "bad_question"


class AliasesError(InputError):
    """The file of aliases cannot be read at all. Questions are answered without it."""

    code = "aliases"


class LibraryError(PullquoteError):
    """The library (store and index) is missing, damaged, locked or out of space."""

    code = "library"
    exit_code = 3


class ConflictError(LibraryError):
    """Another writer has changed the same rows at the same time. The change can be tried again."""


class LibraryNotFoundError(LibraryError):
    """The named folder has no library yet."""

    code = "library_not_found"


class LibraryAwayError(LibraryError):
    """The server that keeps the library is unreachable or too slow. The same call may succeed soon."""

    code = "library_away"


class DocumentNotFoundError(LibraryError):
    """The library has no document with that id or hash."""

    code = "document_not_found"


class OriginalNotFoundError(LibraryError):
    """The library does not keep the file that the document was read from, because it was not uploaded."""

    code = "original_not_found"


class UnknownAnswerError(InputError):
    """The judgement or quote to store belongs to an answer that is not remembered."""

    code = "answer_not_found"


class UnknownConversationError(InputError):
    """There is no such conversation, or the conversation was deleted."""

    code = "conversation_not_found"


class UnknownDossierError(InputError):
    """There is no such dossier or entry, or it was deleted."""

    code = "dossier_not_found"


class ExportError(PullquoteError):
    """A dossier cannot be written in a format: a program or a font is missing, or failed."""

    code = "export"
    exit_code = 3


class EncoderMismatchError(LibraryError):
    """The library's vectors were made by an encoder other than the requested one."""

    code = "encoder_mismatch"


class UntrustedEncoderError(LibraryError):
    """The library names an encoder that neither comes with Pullquote nor was named by the user."""

    code = "untrusted_encoder"


class ModelError(PullquoteError):
    """A model's weights are missing, damaged or not the expected ones."""

    code = "model"
    exit_code = 3


class MissingExtraError(PullquoteError):
    """The request needs a package that is not installed. An extra of Pullquote installs it."""

    code = "missing_extra"
    exit_code = 3


class WorkersError(PullquoteError):
    """The Ray cluster for reading and embedding files is away, differs from this program, or has failed."""

    code = "workers"
    exit_code = 3


class VerbatimError(PullquoteError):
    """A quote about to leave the program does not equal its slice of the source."""

    code = "not_verbatim"


class NotReadyError(PullquoteError):
    """Questions cannot be answered yet, or not at all: the library or a model is not open."""

    code = "not_ready"
    exit_code = 3


class DeadlineError(PullquoteError):
    """A question took longer than allowed. The documents may still hold an answer."""

    code = "deadline"


class BusyError(PullquoteError):
    """The server is serving other requests and could not start this one soon.

    Attributes:
        seconds: how long to wait before asking again.
    """

    code = "busy"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the server is busy with other requests: ask again in {seconds} s")
        self.seconds = seconds


class CancelledError(PullquoteError):
    """A question was withdrawn while it was being answered."""

    code = "cancelled"


class ReadOnlyServerError(PullquoteError):
    """A change was requested from a chat that others can reach and that runs without --allow-changes."""

    code = "read_only_server"


class AddressError(PullquoteError):
    """The chat cannot be served at the given address, most often because the port is in use."""

    code = "address"
    exit_code = 3
