"""Where things lie when nobody says so: the library of this user, and the corpus that ships."""

from __future__ import annotations

import os
from pathlib import Path


def default_library() -> Path:
    """Find the folder of the store and the index: `PULLQUOTE_LIBRARY`, else in the user's data folder.

    It need not exist.
    """
    if named := os.environ.get("PULLQUOTE_LIBRARY"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("pullquote", appauthor=False)


def settings_folder() -> Path:
    """Find the folder of what this user has decided, which no library carries. It need not exist."""
    from platformdirs import user_config_path

    return user_config_path("pullquote", appauthor=False)


def shipped_corpus() -> Path:
    """Find the folder of the briefs that come with Pullquote.

    A wheel carries them inside the package, a checkout beside it.
    """
    package = Path(__file__).parent
    inside = package / "seeds"
    return inside if inside.is_dir() else package.parent / "seeds"
