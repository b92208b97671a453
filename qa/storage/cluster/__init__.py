"""A library on Milvus: on a server, or in a Milvus Lite file for trying."""
