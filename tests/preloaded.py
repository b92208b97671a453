"""Imports what processes of tests need (tests/processes.py), and starts nothing."""

# ruff: noqa: F401

import hypothesis

import tests.qa.desk.shared_writer
import tests.qa.intake.writer
