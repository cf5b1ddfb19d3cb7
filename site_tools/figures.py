"""A matplotlib figure as SVG that takes the page's colours: readable in light and in dark.

What matplotlib draws in its default black (axes, ticks, text, legend) becomes `currentColor`, and white
backgrounds become transparent; the curves keep their colours, whose default cycle shows on both.
"""

from __future__ import annotations

import io
import re
from typing import Any

INK = re.compile(r"#000000|(?<=[:\"])black(?=[;\"])")


def as_svg(figure: Any, name: str) -> str:
    """The figure's `<svg>` element, its ids made from `name`, its text left as text."""
    import matplotlib as mpl

    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.patch.set_alpha(0)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
            if legend := axes.get_legend():
                legend.get_frame().set_alpha(0)
        figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg)
    )
    svg = re.sub(
        r'\bid="(axes|figure|patch|line2d|text|matplotlib|legend|xtick|ytick)[^"]*"', "", svg
    )
    svg = svg.replace("<svg", '<svg fill="currentColor" aria-hidden="true"', 1)
    return INK.sub("currentColor", svg)
