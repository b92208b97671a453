"""Names for the two kinds of array that this package takes and gives; shapes stand in the docstrings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
