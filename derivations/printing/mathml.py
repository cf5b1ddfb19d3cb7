"""A layout as presentation MathML, which every current browser sets by itself."""

from __future__ import annotations

from html import escape

from . import signs
from .layout import (
    Applied,
    Big,
    Box,
    Cases,
    Digits,
    Fenced,
    Foreign,
    Fraction,
    Glyph,
    Operator,
    Parts,
    Product,
    Related,
    Root,
    Row,
    Scripted,
    Styled,
    Sum,
    Worded,
)
from .signs import readable

GAP = '<mspace width="0.15em"></mspace>'
OF = "<mo>&#8289;</mo>"  # the invisible sign of a function's application
ALPHABETS = {("cal", "N"): "𝒩", ("cal", "U"): "𝒰", ("bb", "E"): "𝔼", ("bb", "R"): "ℝ"}


def math(box: Box, display: bool = True) -> str:
    """The whole element."""
    style = ' displaystyle="true"' if display else ""
    return f"<math{style}>{write(box)}</math>"


def sentence(parts: Parts) -> str:
    """HTML: the words escaped, the formulas set."""
    return "".join(
        escape(readable(part)) if isinstance(part, str) else math(part, display=False)
        for part in parts
    )


def write(box: Box) -> str:
    match box:
        case Glyph(name):
            return _tag("mi", signs.printed(name))
        case Digits(written):
            return _tag("mn", written)
        case Operator("||"):
            return '<mo stretchy="false" lspace="0.25em" rspace="0.25em">‖</mo>'
        case Operator(name):
            letters = name.isalpha() and name not in signs.SIGNS
            return _tag("mi" if letters else "mo", signs.printed(name))
        case Styled(alphabet, letter):
            return _tag("mi", ALPHABETS.get((alphabet, letter), letter))
        case Scripted():
            return _scripted(box)
        case Fraction(top, bottom):
            return f"<mfrac>{_row(top)}{_row(bottom)}</mfrac>"
        case Root(inside):
            return f"<msqrt>{write(inside)}</msqrt>"
        case Fenced(left, inside, right):
            return f"<mrow>{_bracket(left)}{write(inside)}{_bracket(right)}</mrow>"
        case Sum(terms):
            return f"<mrow>{''.join(_term(i, s, t) for i, (s, t) in enumerate(terms))}</mrow>"
        case Product(factors):
            return f"<mrow>{GAP.join(map(write, factors))}</mrow>"
        case Applied(function, argument, bare):
            of = write(argument)
            if bare or isinstance(argument, Fraction):
                return f"<mrow>{write(function)}{OF}{GAP}{of}</mrow>"
            return f"<mrow>{write(function)}{OF}{_bracket('(')}{of}{_bracket(')')}</mrow>"
        case Big():
            return _big(box)
        case Cases(rows):
            return f"<mrow>{_bracket('{')}<mtable>{''.join(map(_case, rows))}</mtable></mrow>"
        case Related(sides, relations):
            line = [write(sides[0])]
            for relation, following in zip(relations, sides[1:], strict=True):
                line += [_tag("mo", signs.printed(relation)), write(following)]
            return f"<mrow>{''.join(line)}</mrow>"
        case Row(pieces):
            return f"<mrow>{''.join(map(write, pieces))}</mrow>"
        case Worded(laid):
            return write(laid)
        case Foreign():
            return _tag("mtext", box.text)
    raise TypeError(f"no MathML for {box!r}")


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _row(box: Box) -> str:
    """One element, whatever is in it."""
    return f"<mrow>{write(box)}</mrow>"


def _bracket(side: str) -> str:
    return _tag("mo", side) if side else ""


def _term(i: int, sign: int, term: Box) -> str:
    if i == 0 and sign > 0:
        return write(term)
    return _tag("mo", "+" if sign > 0 else "−") + write(term)


def _scripted(box: Scripted) -> str:
    base = _row(box.base)
    if box.below is not None and box.above is not None:
        return f"<msubsup>{base}{_row(box.below)}{_row(box.above)}</msubsup>"
    if box.below is not None:
        return f"<msub>{base}{_row(box.below)}</msub>"
    assert box.above is not None
    return f"<msup>{base}{_row(box.above)}</msup>"


def _big(box: Big) -> str:
    sign = _tag("mo", signs.printed(box.name))
    if box.variable is not None:
        if box.below is not None and box.above is not None:
            sign = f"<msubsup>{sign}{_row(box.below)}{_row(box.above)}</msubsup>"
        return f"<mrow>{sign}{write(box.body)}{GAP}<mi>d</mi>{write(box.variable)}</mrow>"
    if box.below is not None:
        sign = f"<munder>{sign}{_row(box.below)}</munder>"
    return f"<mrow>{sign}{GAP}{write(box.body)}</mrow>"


def _case(row: tuple[Box, Box | None]) -> str:
    value, condition = row
    when = "<mtext>otherwise</mtext>"
    if condition is not None:
        when = f"<mtext>if&#160;</mtext>{write(condition)}"
    return f"<mtr><mtd>{write(value)}</mtd><mtd><mrow>{when}</mrow></mtd></mtr>"
