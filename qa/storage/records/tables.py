"""The tables of a library's SQLite file."""

from __future__ import annotations

from qa.schema import FIELDS, FILTERED_BY_NAME

# Raise it when a table changes, also by another field in `qa.schema.fields`. Other libraries are refused.
SCHEMA = 15

# The fields that a list of documents is searched, ordered or filtered by.
LISTED = tuple(name for name, field in FIELDS.items() if field.searched or field.filtered or field.in_table)

# The keys of the tables about documents by table. Each table comes after the
# tables that it refers to.
COPIED = {
    "documents": "serial",
    "versions": "number",
    "locations": "number",
    "withdrawn": "path, part",
    "files": "path",
    "purged": "path_sha256, source_sha256",
    "corrections": "document, field",
    "read_as": "path",
}

# The full-text index. Other tables use this statement to get the same stems.
WORDS = """
CREATE VIRTUAL TABLE words USING fts5 (
    head, body, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
)
"""

TABLES = (
    """
    -- One embedding of the library's passages; `library.encoding` names the one in force.
    CREATE TABLE encodings (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        dimension INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE library (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        generation INTEGER NOT NULL DEFAULT 0,
        encoding INTEGER REFERENCES encodings,
        -- The derived index: which file, and the generation that it mirrors.
        index_file TEXT NOT NULL DEFAULT '',
        index_generation INTEGER NOT NULL DEFAULT 0,
        -- From which generation on `gone` is complete.
        gone_since INTEGER NOT NULL DEFAULT 0,
        -- The file of postings, and the generation that it mirrors.
        words_file TEXT NOT NULL DEFAULT '',
        words_generation INTEGER NOT NULL DEFAULT 0,
        -- The address of the index, or '' for files in the folder, and the index's name there.
        index_address TEXT NOT NULL DEFAULT '',
        index_name TEXT NOT NULL DEFAULT ''
    )
    """,
    "INSERT INTO library (one) VALUES (1)",
    f"""
    CREATE TABLE documents (
        serial INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        -- The id before it was made unique: with `path`, how a file is known again.
        given_id TEXT NOT NULL,
        path TEXT NOT NULL,
        {"".join(f"{name} TEXT NOT NULL DEFAULT '', " for name in FIELDS)}
        format TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        header TEXT NOT NULL,
        furniture TEXT NOT NULL,
        notes TEXT NOT NULL,
        -- As the full-text index holds it: taking a row out of that needs the very words that went in.
        head TEXT NOT NULL,
        characters INTEGER NOT NULL,
        text TEXT NOT NULL,
        -- A document's passages go in in one transaction, so their keys are one run: with it, what a filter
        -- leaves is known without a look at any passage.
        first_key INTEGER NOT NULL DEFAULT 0,
        passages INTEGER NOT NULL DEFAULT 0,
        -- What read and segmented it: a file that is the same, read the same way, is unchanged.
        made_by TEXT NOT NULL DEFAULT '',
        -- Pages, headings, rows: [[start, end, kind, name], …].
        sections TEXT NOT NULL DEFAULT '[]',
        -- Where the metadata come from: [[field, source, sure], …].
        found TEXT NOT NULL DEFAULT '[]',
        -- Of its words alone, whatever the format: the same document in two files is known by it.
        words_sha256 TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX documents_by_sha256 ON documents (sha256)",
    f"""
    -- All that filters ask for, beside the rows, for these hold the texts.
    CREATE INDEX documents_by_filters ON documents (
        date, {", ".join(FILTERED_BY_NAME)}, id, first_key, passages
    )
    """,
    "CREATE INDEX documents_by_words ON documents (words_sha256) WHERE words_sha256 != ''",
    """
    CREATE TABLE passages (
        -- AUTOINCREMENT: a key is never used twice, so keys alone tell what an index lacks.
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        document INTEGER NOT NULL REFERENCES documents,
        ordinal INTEGER NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        sentences TEXT NOT NULL,
        UNIQUE (document, ordinal)
    )
    """,
    """
    -- Which passages were taken out, and after which generation: what a derived index has to follow, besides
    -- the keys above its last.
    CREATE TABLE gone (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL)
    """,
    """
    CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN
        INSERT INTO gone SELECT old.key, generation FROM library;
    END
    """,
    """
    -- In SQLite, a document's keys are consecutive: one writer writes at a time, and keys only grow.
    CREATE TRIGGER first_passage AFTER INSERT ON passages WHEN new.ordinal = 0 BEGIN
        UPDATE documents SET first_key = new.key WHERE serial = new.document;
    END
    """,
    """
    -- The passages that an index on a server must still add or delete (`qa.storage.records.outbox`).
    CREATE TABLE outbox (passage INTEGER PRIMARY KEY, since TEXT NOT NULL)
    """,
    """
    CREATE TABLE vectors (
        number INTEGER PRIMARY KEY,
        passage INTEGER NOT NULL REFERENCES passages ON DELETE CASCADE,
        encoding INTEGER NOT NULL REFERENCES encodings ON DELETE CASCADE,
        -- Of the text that was embedded: the same text need not be embedded again.
        digest BLOB NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (passage, encoding)
    )
    """,
    "CREATE INDEX vectors_by_digest ON vectors (digest)",
    "CREATE INDEX vectors_by_encoding ON vectors (encoding, passage)",
    # Contentless: the text lies in `documents` already.
    WORDS,
    """
    -- Where a document stands: one row for each file, or part of a file (a record, a member of an archive),
    -- that holds it, in the order in which they were found; `part` is '' for a whole file. The columns of the
    -- same names in `documents` are those of the first, whose text is the document's.
    CREATE TABLE locations (
        number INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        part TEXT NOT NULL,
        document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        format TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        -- Of the text that was read there: another may have the same words.
        sha256 TEXT NOT NULL,
        made_by TEXT NOT NULL,
        UNIQUE (path, part)
    )
    """,
    "CREATE INDEX locations_by_document ON locations (document)",
    """
    -- Files as they were read last, whole: one that has not changed is not parsed again, nor is one refused.
    -- All the documents that it gave are held: when one goes, so does the row.
    CREATE TABLE files (
        path TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL,
        made_by TEXT NOT NULL,
        documents INTEGER NOT NULL,
        -- What of it was refused: [[path, status, code, message], …]
        refused TEXT NOT NULL
    )
    """,
    """
    CREATE TRIGGER location_gone AFTER DELETE ON locations BEGIN
        DELETE FROM files WHERE path = old.path;
    END
    """,
    """
    -- Texts that are no longer searched, and what was known of them: `held` is JSON, all but the text.
    CREATE TABLE versions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        document TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        reason TEXT NOT NULL CHECK (reason IN ('superseded', 'removed')),
        at TEXT NOT NULL,
        held TEXT NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX versions_by_sha256 ON versions (sha256)",
    "CREATE INDEX versions_by_document ON versions (document)",
    "CREATE INDEX versions_by_words ON versions (json_extract(held, '$.words_sha256'))",
    """
    -- Where documents stood that a person removed: the same bytes there do not bring them back.
    CREATE TABLE withdrawn (
        path TEXT NOT NULL,
        part TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
        PRIMARY KEY (path, part)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX withdrawn_by_version ON withdrawn (version)",
    """
    -- A row for each purge whose bytes may still be in the library's files. `cited` is what the desk must
    -- forget: JSON of a document's id and the SHA-256 of its texts, or '' once the desk has forgotten it.
    CREATE TABLE erasing (one INTEGER, cited TEXT NOT NULL)
    """,
    """
    -- What was erased and stands in a file still, which is not to bring it back by itself. Hashes alone: of
    -- the path, and of the bytes there (of a feed's entry, of its text).
    CREATE TABLE purged (
        path_sha256 TEXT NOT NULL,
        source_sha256 TEXT NOT NULL,
        PRIMARY KEY (path_sha256, source_sha256)
    ) WITHOUT ROWID
    """,
    """
    -- What a person has said of a document's metadata: it outlives whatever the document is replaced by.
    CREATE TABLE corrections (
        document TEXT NOT NULL,
        field TEXT NOT NULL,
        value TEXT NOT NULL,
        -- What the source says, and where that was found: JSON of [field, source, sure], or ''.
        was TEXT NOT NULL,
        found TEXT NOT NULL,
        PRIMARY KEY (document, field)
    )
    """,
    """
    -- Near-duplicates: hashes of bands of MinHash signatures.
    CREATE TABLE bands (
        document INTEGER NOT NULL,
        band INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (band, hash, document)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX bands_by_document ON bands (document)",
    """
    -- Pairs that were compared and are alike, each twice, once from either side.
    CREATE TABLE copies (
        document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        other INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        similarity REAL NOT NULL,
        PRIMARY KEY (document, other)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX copies_by_other ON copies (other)",
    """
    -- How the documents spell names: by what all romanisations of one have in common (`qa.text.names.key`).
    CREATE TABLE spellings (
        key TEXT NOT NULL,
        folded TEXT NOT NULL,
        spelling TEXT NOT NULL,
        PRIMARY KEY (key, folded)
    ) WITHOUT ROWID
    """,
    """
    -- How a person said that a file is to be read; `columns` is JSON: [[field, column], …].
    CREATE TABLE read_as (
        path TEXT PRIMARY KEY,
        date_order TEXT NOT NULL,
        columns TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    -- The uploaded files that the library keeps. Of a name, the row with the greatest number is the newest.
    CREATE TABLE uploads (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (name, sha256)
    )
    """,
    "CREATE INDEX uploads_by_sha256 ON uploads (sha256)",
    f"""
    -- The columns that a list of documents is searched and ordered by: the rows contain the texts.
    CREATE INDEX documents_by_list ON documents (
        {", ".join(LISTED)}, id, format, passages
    )
    """,
    # Each column that filters choose from, so that its values are counted without sorting.
    *(
        f"CREATE INDEX documents_by_{column} ON documents ({column}) WHERE {column} != ''"
        for column in (*FILTERED_BY_NAME, "format")
    ),
)
