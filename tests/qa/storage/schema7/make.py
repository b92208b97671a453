"""Make the library of schema 7 that `test_schema7.py` opens; run once, at commit e4eee83, before the squash.

python tests/qa/storage/schema7/make.py FOLDER

It holds documents that were superseded, removed, restored, purged and corrected, a table with remembered
columns, thumbs, and a document whose file has gone. `expected.json` says what each citation opened.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from contextlib import closing
from pathlib import Path

from qa.feedback import Place, Shown

from qa.corpus import Corpus
from tests.qa.tiny import TinyEncoder, words, write

FOLDER = Path(sys.argv[1])


def open_corpus(**options: object) -> Corpus:
    return Corpus.open("library", encoder=TinyEncoder(), **options)


os.chdir(FOLDER)
docs = Path("docs")
for name in ("kept", "superseded", "removed", "restored", "purged", "corrected", "gone"):
    write(docs, f"{name}.txt", f"{name.title()} story\n\n" + words(sum(map(ord, name)), 80))
write(docs, "table.csv", "body;head\nRice rose in May.;First\nWheat fell in June.;Second\n")
cited: dict[str, str] = {}
with closing(open_corpus(columns={"text": "body", "title": "head"})) as corpus:
    corpus.index(docs / "table.csv")
with closing(open_corpus()) as corpus:
    corpus.index(docs)
    cited |= {sha256: document_id for document_id, sha256 in corpus.hashes()}
    purged = corpus.document("purged.txt").sha256
    place = Place("kept.txt", corpus.document("kept.txt").sha256, 0, 9)
    old = Place("superseded.txt", corpus.document("superseded.txt").sha256, 0, 9)
    corpus.put_thumb(Shown("What is kept?", (), "What is kept?", "answered", (place, old)), place, "up")
    corpus.put_thumb(Shown("What is kept?", (), "What is kept?", "answered", (place, old)), old, "down")
    write(docs, "superseded.txt", "Superseded story\n\n" + words(9, 80))
    (docs / "gone.txt").unlink()
    corpus.index(docs)
    cited |= {sha256: document_id for document_id, sha256 in corpus.hashes()}
    corpus.edit("corrected.txt", {"title": "A corrected title", "date": "2008-04"})
    corpus.remove(["removed.txt", "restored.txt"])
    corpus.restore(["restored.txt"])
    corpus.purge(["purged.txt"])
    expected = {
        "cited": {
            sha256: {
                "document": found.document.id,
                "text": found.document.text,
                "title": found.document.title,
                "date": found.document.date.isoformat() if found.document.date else "",
                "status": found.status,
                "current": found.current_sha256,
            }
            for sha256 in sorted(set(cited) - {purged})
            for found in [corpus.cited(sha256)]
        },
        "purged": purged,
        "documents": [info.id for info in corpus.documents()],
        "removed": [version.document_id for version in corpus.removed()],
        "thumbs": [[each.shown.question, each.quote.document, each.thumb] for each in corpus.thumbs()],
    }
    corpus._store.scrub()
data = Path("library/library.sqlite3").read_bytes()
Path("library.sqlite3.gz").write_bytes(gzip.compress(data, mtime=0))
Path("expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
