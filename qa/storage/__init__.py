"""Stores libraries: in files of one folder, or on Milvus."""
