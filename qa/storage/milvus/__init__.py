"""The index of a library on Milvus: a server, or a Milvus Lite file."""
