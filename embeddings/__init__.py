"""Text to vectors to nearest neighbours. Knows strings, vectors and ids, never documents.

The only package that imports torch, sentence_transformers, onnxruntime, tokenizers or faiss.
"""
