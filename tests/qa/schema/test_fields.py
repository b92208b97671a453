"""The table of metadata fields: complete, and without names that mean two fields."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from qa.schema import FIELDS, FILTERED_BY_NAME, DocumentOrder
from qa.schema.fields import MetadataFilters


def test_each_field_that_names_are_filtered_by_has_a_filter_and_the_words_for_it():
    assert {each.name for each in fields(MetadataFilters)} == {"since", "until", *FILTERED_BY_NAME}
    for name in FILTERED_BY_NAME:
        field = FIELDS[name]
        assert all((field.only, field.plural, field.example)), name
    assert len({FIELDS[name].plural for name in FILTERED_BY_NAME}) == len(FILTERED_BY_NAME)


def test_documents_can_be_ordered_by_each_column_of_the_table():
    assert {name for name, each in FIELDS.items() if each.in_table} <= set(get_args(DocumentOrder))


@pytest.mark.parametrize("names", ["columns", "front_matter", "meta", "json_ld", "csl", "bibtex", "ris"])
def test_no_name_means_two_fields(names: str) -> None:
    declared = [getattr(each, names) for each in FIELDS.values()]
    used = [name for each in declared if each for name in ((each,) if isinstance(each, str) else each)]
    assert used
    assert len(used) == len(set(used))
