"""Text to vectors to nearest neighbours. Knows strings, vectors and ids, never documents.

The only package that imports torch, sentence_transformers, onnxruntime, tokenizers or faiss.
"""

import os

# From 1.29 on, ONNX Runtime tells its makers of the machine and of each model, unless this is set before it
# is imported. (On Windows `embeddings.runtime` sees to it.)
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
