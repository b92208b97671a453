"""Write a presentation with python-pptx.

`python -m tests.qa.formats.pptx.make` writes it into this folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

HERE = Path(__file__).parent
BOX = (Inches(1), Inches(1), Inches(3), Inches(1))


def deck() -> Any:
    """Return a title slide, a slide with all kinds of texts and notes, a hidden slide, and a chart."""
    made = Presentation()
    made.core_properties.title = "Barley in 2008"
    title, content, only_title = made.slide_layouts[0], made.slide_layouts[1], made.slide_layouts[5]
    first = made.slides.add_slide(title)
    first.shapes.title.text = "Barley in 2008"
    first.placeholders[1].text = "Quay Grain Board\n4 April 2008"

    second = made.slides.add_slide(content)
    grouped = second.shapes.add_group_shape().shapes.add_group_shape()
    grouped.shapes.add_textbox(*BOX).text_frame.text = "Oats were not traded."
    second.shapes.title.text = "Prices\vin spring"
    second.placeholders[1].text_frame.text = "Barley cost 40 marks a sack.\nRye was sold out."
    table = second.shapes.add_table(3, 2, *BOX).table
    for at, words in enumerate(("Grain", "Marks", "Rye", "31", "Both", "")):
        table.cell(at // 2, at % 2).text = words
    table.cell(2, 0).merge(table.cell(2, 1))
    second.notes_slide.notes_text_frame.text = "Say that the mill bought none."

    hidden = made.slides.add_slide(only_title)
    hidden.shapes.title.text = "What nobody is shown"
    hidden._element.set("show", "0")

    last = made.slides.add_slide(only_title)
    last.shapes.title.text = "The mill"
    data = CategoryChartData()
    data.categories = ["Rye"]
    data.add_series("Marks", (31,))
    last.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data)
    return made


if __name__ == "__main__":
    deck().save(HERE / "deck.pptx")
