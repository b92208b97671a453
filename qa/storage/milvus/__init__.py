"""The index of a library on a Milvus server, or in a Milvus Lite file."""
