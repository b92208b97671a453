"""Default places: the library and settings of this user, and the corpus that ships."""

from __future__ import annotations

import os
from pathlib import Path


def default_library() -> Path:
    """Return the folder of the library: `PULLQUOTE_LIBRARY`, else in the user's data; it may not exist."""
    if named := os.environ.get("PULLQUOTE_LIBRARY"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("pullquote", appauthor=False)


def settings_folder() -> Path:
    """Return the folder of this user's own settings, which no library contains; it may not exist."""
    from platformdirs import user_config_path

    return user_config_path("pullquote", appauthor=False)


def shipped_corpus() -> Path:
    """Return the folder of the briefs that ship: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "seeds"
    return inside if inside.is_dir() else package.parent / "seeds"
