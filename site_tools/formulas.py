"""A claim's formulas in LaTeX, as `derivations.printing` lays them out; long ones on two lines."""

from __future__ import annotations

import sympy as sp

from derivations.printing import signs, tex
from derivations.printing.formula import layout
from derivations.printing.statements import LaidChain

LONG = 110  # characters of LaTeX in a line, beyond which a statement is broken at its relation


def formula(expr: sp.Basic) -> str:
    return tex.write(layout(expr))


def statement(link: LaidChain) -> str:
    """first = last, in display style; in two lines where one would be too long."""
    left, right = (tex.write(side) for side in link.statement.sides)
    sign = signs.tex(link.relation)
    if len(left) + len(right) <= LONG:
        return rf"{left} \;{sign}\; {right}"
    return rf"\begin{{aligned}} & {left} \\ & \quad {sign}\; {right} \end{{aligned}}"
