"""`fenchel conjugate FORMULA`: everything that follows from a generator, printed or as JSON."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

# What is shown, in order: the attribute of FDivergence (its JSON key), and how it is written on paper.
EXACT = (
    ("expression", "f(u)"),
    ("derivative", "f'(u)"),
    ("second_derivative", "f''(u)"),
    ("value_at_one", "f(1)"),
    ("critical_level", "f'(1)"),
    ("at_zero", "f(0)"),
    ("slope_at_zero", "f'(0+)"),
    ("slope_at_infinity", "f'(oo)"),
    ("conjugate", "f*(t)"),
    ("conjugate_domain", "dom f*"),
    ("critic", "critic g(v) = f'(e^v)"),
    ("conjugate_of_critic", "f*(g(v))"),
    ("range", "range of D_f"),
)
NUMBERS = ("value_at_one", "critical_level", "at_zero", "slope_at_zero", "slope_at_infinity")
SOFT, HARD = (
    0.9,
    1.7,
)  # seconds for shortening formulas, and for all algebra: the whole takes up to 3
NO_FORMULA = "no closed form was found; FDivergence.conjugate_with_error(t) gives numbers with an error bound"


def conjugate(formula: str, json: str | None = None, value_at_one: str | None = None) -> int:
    """Print what follows from the generator `formula`; the exit status, 0, or 2 when it is refused.

    Args:
        formula: an expression in u, or a name of the catalogue.
        json: a file to write JSON to instead, "-" for the standard output.
        value_at_one: f(1), where the generator is to be kept with another value than 0.
    """
    from divergences._patience import hurry
    from divergences.fdivergence import FDivergence

    try:
        with hurry(SOFT, HARD):
            f = FDivergence(formula, value_at_one=value_at_one)
            facts = describe(f)
    except ValueError as error:
        if json is not None:
            _write({"error": str(error), "witness": _witness(error)}, json)
        else:
            print(f"refused: {error}", file=sys.stderr)
        return 2
    if json is not None:
        _write(facts, json)
    else:
        _print(f)
    return 0


def describe(f: FDivergence) -> dict[str, Any]:
    """The facts as JSON values: formulas as text, boundary values as text and number."""
    facts: dict[str, Any] = {"name": f.name, "convexity": f.convexity}
    for attribute, _ in EXACT:
        value = getattr(f, attribute)
        facts[attribute] = None if value is None else str(value)
    facts["kinks"] = [str(at) for at in f.kinks]
    facts["conjugate_pieces"] = [
        {"expression": str(expr), "condition": str(condition)} for expr, condition in _pieces(f)
    ]
    facts["adjoint"] = str(f.adjoint.expression)
    facts["is_symmetric"] = f.is_symmetric
    facts["numbers"] = {attribute: _number(getattr(f, attribute)) for attribute in NUMBERS}
    return facts


def _pieces(f: FDivergence) -> list[tuple[Any, Any]]:
    import sympy as sp

    if f.conjugate is None:
        return []
    if isinstance(f.conjugate, sp.Piecewise):
        return [(e, c if c != sp.true else "otherwise") for e, c in f.conjugate.args]
    return [(f.conjugate, "every t")]


def _number(value: Any) -> float | str:
    number = float(value)
    return number if abs(number) < float("inf") else str(value)


def _witness(error: ValueError) -> list[str] | None:
    witness = getattr(error, "witness", None)
    if witness is None:
        return None
    return [str(x) for x in (witness if isinstance(witness, tuple) else (witness,))]


def _write(facts: dict[str, Any], where: str) -> None:
    text = json_module.dumps(facts, indent=2)
    if where == "-":
        print(text)
    else:
        Path(where).write_text(text + "\n", encoding="utf-8")


def _print(f: FDivergence) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"D_f of f(u) = {f.expression}", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def add(label: str, value: object) -> None:
        table.add_row(Text(label), Text(str(value)))

    for attribute, label in EXACT:
        if attribute == "conjugate":
            rows = [(f"{expr}", f"{condition}") for expr, condition in _pieces(f)]
            for i, (expr, condition) in enumerate(rows or [(NO_FORMULA, "")]):
                shown = f"{expr}" + (f"    for {condition}" if condition not in ("", "otherwise") else
                                     f"    {condition}" if condition else "")  # fmt: skip
                add(label if i == 0 else "", shown)
            continue
        add(label, getattr(f, attribute))
        if attribute == "expression":
            add("convex", f.convexity)
            if f.kinks:
                add("kinks", ", ".join(map(str, f.kinks)))
    add("adjoint u f(1/u)", f.adjoint.expression)
    add("symmetric", "yes: D_f(P||Q) = D_f(Q||P)" if f.is_symmetric else "no")
    Console().print(table)
