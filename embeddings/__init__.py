"""Turn texts into vectors, and find nearest neighbours.

The package knows strings, vectors and ids, but not documents. Only this package imports torch,
sentence_transformers, onnxruntime, tokenizers or faiss.
"""

import os

# From version 1.29 on, ONNX Runtime reports the machine and each model to its makers. This variable prevents
# that if it is set before the import. (On Windows, `embeddings.runtime` switches the reports off.)
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
