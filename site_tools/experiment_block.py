"""```` ```experiment NAME ````: docs/experiments/NAME.json as a table, NAME.png above it.

    {"name", "title", "seed", "settings": {...}, "alt", "notes": [...],
     "rows": [{"quantity", "theory", "measured", "difference", "tolerance", "relation", "agrees"}]}

The files are written by the scripts in `examples/`; a row that does not agree is shown as such,
one with null for `agrees` only informs.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blocks import Block
from .errors import SiteError

if TYPE_CHECKING:
    from .chapter import Chapter

FIELDS = ("name", "title", "seed", "settings", "alt", "rows")
ROW = ("quantity", "theory", "measured", "difference", "tolerance", "relation", "agrees")
RELATIONS = {"=": "", "<=": "at most ", ">=": "at least "}
AT_ONCE = 12  # rows that are shown without a click
AGREEMENT = {True: ("agrees", "yes"), False: ("disagrees", "no"), None: ("informs", "only shown")}


def experiment(block: Block, chapter: Chapter) -> str:
    (name,) = block.arguments(1)
    folder = Path(chapter.site.docs) / "experiments"
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json"))) or "none yet"
        raise SiteError(f"there is no docs/experiments/{name}.json; there are: {known}")
    data = read(path)
    rows = [_row(row, chapter) for row in data["rows"]]
    title = chapter.text(data["title"])
    first = AT_ONCE if len(rows) > AT_ONCE + 2 else len(rows)
    parts = ['<div class="experiment">']
    if (folder / f"{name}.png").is_file():
        source = chapter.link(f"experiments/{name}.png")
        parts.append(f'<img src="{source}" alt="{escape(data["alt"])}">')
    parts.append(_table(title, rows[:first]))
    if rows[first:]:
        rest = _table(f"{title}, continued", rows[first:])
        parts.append(f"<details><summary>{len(rows) - first} more rows</summary>{rest}</details>")
    notes = " ".join(chapter.text(str(note)) for note in data.get("notes", []))
    settings = ", ".join(f"{k} {v}" for k, v in data["settings"].items() if v not in (None, False))
    made = f"Seed {escape(str(data['seed']))}{'; ' if settings else ''}{escape(settings)}."
    return f'{"".join(parts)}<p class="quiet">{notes} {made}</p></div>'


def read(path: Path) -> dict[str, Any]:
    """The experiment's record. Raises `SiteError` where a field is missing or no picture has words."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SiteError(f"{path.name} is not JSON: {error}") from None
    missing = [field for field in FIELDS if field not in data]
    missing += [
        f"rows[{i}].{k}" for i, r in enumerate(data.get("rows", [])) for k in ROW if k not in r
    ]
    if path.with_suffix(".png").is_file() and not data.get("alt"):
        missing.append("alt (the picture's description)")
    if missing:
        raise SiteError(f"{path.name} lacks {', '.join(missing)}")
    return data


def number(value: Any, digits: int = 5) -> str:
    """So many digits, the sign as a minus; anything that is no number as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:.{digits}g}".replace("-", "\u2212").replace("inf", "\u221e")


def _table(caption: str, rows: list[str]) -> str:
    columns = ("quantity", "theory", "measured", "difference", "agrees within")
    heads = "".join(f"<th scope='col'>{column}</th>" for column in columns)
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(row: dict[str, Any], chapter: Chapter) -> str:
    shown = [number(row["theory"]), number(row["measured"]), number(row["difference"], 2)]
    shown[0] = RELATIONS[row["relation"]] + shown[0]
    cells = "".join(f'<td class="number">{escape(each)}</td>' for each in shown)
    kind, word = AGREEMENT[row["agrees"]]
    within = word if row["agrees"] is None else f"{word}, {escape(number(row['tolerance'], 2))}"
    return (
        f'<tr class="{kind}"><th scope="row">{chapter.text(str(row["quantity"]))}</th>{cells}'
        f'<td class="number">{within}</td></tr>'
    )
