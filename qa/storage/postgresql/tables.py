"""The tables of a library's records on PostgreSQL, and the SQL functions that its statements use."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from qa.schema import FILTERED_BY_NAME
from qa.storage.postgresql import originals, own_files
from qa.storage.records.listing import SEARCHED_TEXT
from qa.storage.records.tables import SCHEMA, TABLES, WORDS
from qa.storage.statements import Layout

if TYPE_CHECKING:
    from qa.storage.statements import Statements

# Not for PostgreSQL: the passages that a file index has to delete, and indexes of so many columns that a row
# may be too long for them.
_ONLY_SQLITE = (
    "CREATE TABLE gone ",
    "CREATE TRIGGER ",
    "INDEX documents_by_filters ",
    "INDEX documents_by_list ",
)

_WORDS = (
    """
    CREATE TABLE words (
        passage INTEGER PRIMARY KEY REFERENCES passages ON DELETE CASCADE,
        head tsvector NOT NULL,
        body tsvector NOT NULL
    )
    """,
    "CREATE INDEX words_by_head ON words USING gin (head)",
    "CREATE INDEX words_by_body ON words USING gin (body)",
)

_FUNCTIONS = (
    """
    CREATE FUNCTION json_each(list text) RETURNS TABLE (value text) IMMUTABLE STRICT LANGUAGE sql AS
    'SELECT json_array_elements_text(list::json)'
    """,
    """
    CREATE FUNCTION json_extract(record text, path text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS
    'SELECT record::json ->> substr(path, 3)'
    """,
    """
    CREATE FUNCTION json_each(record text, path text) RETURNS TABLE (value text)
    IMMUTABLE STRICT LANGUAGE sql AS
    'SELECT json_array_elements_text(record::json -> substr(path, 3))'
    """,
)

_LOCATION_GONE = (
    """
    CREATE FUNCTION location_gone() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN DELETE FROM files WHERE path = OLD.path; RETURN NULL; END'
    """,
    """
    CREATE TRIGGER location_gone AFTER DELETE ON locations
    FOR EACH ROW EXECUTE FUNCTION location_gone()
    """,
)

_INDEXES = (
    # Two writers may put in the same spelling at once. A unique key would let them wait for each other.
    "ALTER TABLE spellings DROP CONSTRAINT spellings_pkey",
    "CREATE INDEX spellings_by_key ON spellings (key, folded)",
    "CREATE INDEX documents_by_date ON documents (date)",
    *(
        f"CREATE INDEX documents_by_folded_{column} ON documents (casefold({column})) WHERE {column} != ''"
        for column in FILTERED_BY_NAME
    ),
)

# The extension belongs to the whole database, so it does not lie in the library's schema.
_TRIGRAMS = """
DO 'BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
EXCEPTION WHEN OTHERS THEN
    NULL;
END'
"""
_SCHEMA_OF_TRIGRAMS = """
SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'pg_trgm'
"""


def _casefold() -> str:
    """Return the statement that creates the function `casefold`, which does the same as Python's."""
    characters = map(chr, range(1, sys.maxunicode + 1))
    folds = {character: fold for character in characters if (fold := character.casefold()) != character}
    single = {character: fold for character, fold in folds.items() if len(fold) == 1}
    folded = f"translate(value, '{''.join(single)}', '{''.join(single.values())}')"
    for character, fold in folds.items():
        if len(fold) > 1:
            folded = f"replace({folded}, '{character}', '{fold}')"
    return (
        "CREATE FUNCTION casefold(value text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS "
        f'$$SELECT CASE WHEN octet_length(value) = length(value) THEN lower(value COLLATE "C") '
        f"ELSE {folded} END$$"
    )


class _Layout(Layout):
    """The tables of the records, with an index of trigrams if this user may create its extension."""

    def make(self, db: Statements) -> None:
        """Create the tables, functions and indexes."""
        super().make(db)
        db.execute(_TRIGRAMS)
        for (schema,) in db.execute(_SCHEMA_OF_TRIGRAMS).fetchall():
            db.execute(
                f"CREATE INDEX documents_by_searched ON documents USING gin ({SEARCHED_TEXT} "
                f"{schema}.gin_trgm_ops)"
            )


LAYOUT = _Layout(
    "records",
    SCHEMA,
    (
        *_FUNCTIONS,
        _casefold(),
        *(
            statement
            for statement in TABLES
            if statement != WORDS and not any(start in statement for start in _ONLY_SQLITE)
        ),
        *_WORDS,
        *_LOCATION_GONE,
        *_INDEXES,
        *originals.TABLES,
        *own_files.TABLES,
    ),
)

NAMES = tuple(
    match[1] for statement in LAYOUT.statements if (match := re.search(r"CREATE TABLE (\w+)", statement))
)
"""The names of the tables."""
