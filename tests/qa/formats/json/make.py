"""Write the files in this folder: `python tests/qa/formats/json/make.py`."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
BRIEFS = [
    {
        "_id": "w-1",
        "Headline": "Copper prices rise",
        "body": "Copper rose by 4 percent.",
        "date": "2008-04-04",
    },
    {"_id": 2, "headline": "Rice aid arrives", "text": "Three ships came.\n\nThey left.", "extra": [1, {}]},
]

if __name__ == "__main__":
    (HERE / "briefs.json").write_text(json.dumps(BRIEFS, indent=1), encoding="utf-8")
