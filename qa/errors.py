"""What can go wrong, by name. Each message says what happened, to what, and what to do next.

`code` is the stable name that scripts see; `exit_code` is what the command line returns.
"""

from __future__ import annotations


class PullquoteError(Exception):
    """Base of every error that Pullquote raises on purpose."""

    code = "error"
    exit_code = 4


class InputError(PullquoteError):
    """A file, folder or record that cannot be read as a document, or a filter that makes no sense."""

    code = "bad_input"
    exit_code = 3


class PartlyReadError(InputError):
    """What of a file was not read while the rest was: files of other kinds in an archive. No failure."""

    code = "partly_read"


class TextColumnError(InputError):
    """A table in which no column is known to hold the text. It can be read once a person names the column.

    Attributes:
        columns: pairs: the name of a column, and the beginning of a value in it.
    """

    code = "text_column"

    def __init__(self, message: str, columns: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.columns = columns


class OutputError(InputError):
    """A file that an option names to be written, and that may not be: it holds something else, say."""

    code = "bad_output"


class QuestionError(InputError):
    """A question that cannot be asked: empty, too long, not text."""

    code = "bad_question"


class AliasesError(InputError):
    """The file of aliases cannot be read at all; questions are answered without it."""

    code = "aliases"


class LibraryError(PullquoteError):
    """The library (store and index) is missing, damaged, locked or out of space."""

    code = "library"
    exit_code = 3


class LibraryNotFoundError(LibraryError):
    """There is no library in the named folder yet."""

    code = "library_not_found"


class LibraryAwayError(LibraryError):
    """The server that keeps the library is not there, or too slow: the same may succeed in a moment."""

    code = "library_away"


class DocumentNotFoundError(LibraryError):
    """The library holds no document of that id or hash."""

    code = "document_not_found"


class OriginalNotFoundError(LibraryError):
    """The library keeps no file that the document was read from: it was not uploaded."""

    code = "original_not_found"


class UnknownAnswerError(InputError):
    """What is judged, or kept, is of an answer that is not remembered."""

    code = "answer_not_found"


class UnknownConversationError(InputError):
    """There is no such conversation, or it was deleted."""

    code = "conversation_not_found"


class UnknownDossierError(InputError):
    """There is no such dossier, or no such entry in it, or it was deleted."""

    code = "dossier_not_found"


class ExportError(PullquoteError):
    """A dossier cannot be written in a format: a program or a font is missing, or failed."""

    code = "export"
    exit_code = 3


class EncoderMismatchError(LibraryError):
    """The library's vectors were made by another encoder than the one asked for."""

    code = "encoder_mismatch"


class UntrustedEncoderError(LibraryError):
    """The library names an encoder that neither comes with Pullquote nor was named by the user."""

    code = "untrusted_encoder"


class ModelError(PullquoteError):
    """A model's weights are missing, damaged or not what they should be."""

    code = "model"
    exit_code = 3


class MissingExtraError(PullquoteError):
    """Something was asked for that needs a package that is not installed: one that an extra brings."""

    code = "missing_extra"
    exit_code = 3


class WorkersError(PullquoteError):
    """The Ray cluster that is to read and embed files is away, differs from this program, or has failed."""

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
    """A question took longer than it may take; the documents may well hold an answer."""

    code = "deadline"


class BusyError(PullquoteError):
    """Others are being served, and what was asked could not be done soon.

    Attributes:
        seconds: after which it may be asked again.
    """

    code = "busy"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the server is busy with other requests: ask again in {seconds} s")
        self.seconds = seconds


class CancelledError(PullquoteError):
    """A question was withdrawn while it was being answered."""

    code = "cancelled"


class ReadOnlyServerError(PullquoteError):
    """A change was asked of a chat that others can reach, and that was not started with --allow-changes."""

    code = "read_only_server"


class AddressError(PullquoteError):
    """The chat cannot be served at the address asked for, most often because the port is in use."""

    code = "address"
    exit_code = 3
