"""Files of numbers, .csv and .npy, read strictly: what is wrong with one is said with its line and column, or index.

Nothing in a file is ever executed: pickled .npy files are refused by their header, which is also where one that is
too large is seen, before anything is allocated.
"""

from __future__ import annotations

import csv
import math
import tokenize
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["LARGEST", "Table", "TableError", "read"]

LARGEST = {
    ".csv": 1 << 28,
    ".npy": 1 << 30,
}  # bytes: a cell of text takes longer to read than a number
_MAGIC = b"\x93NUMPY"
_BROKEN_HEADER = (ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError)  # fmt: skip


class TableError(ValueError):
    """A file that is not a table of finite numbers; the message names the file and the place."""


class Table(NamedTuple):
    """Finite numbers from a file, and where each of them stands there."""

    path: str
    values: np.ndarray  # float64, (n,) or (n, d); one column or one row is (n,)
    header: tuple[str, ...] | None
    lines: np.ndarray | None  # the line of each row of a .csv, None for a .npy
    is_row: bool = False  # whether the file is a single row

    def where(self, index: int, column: int = 0) -> str:
        """The place of values[index] or values[index, column], in words for a message."""
        if self.lines is None:
            at = f"{index}, {column}" if self.values.ndim == 2 else f"{index}"
            return f"index {at}"
        if self.is_row:
            return f"line {self.lines[0]}, column {index + 1}"
        return f"line {self.lines[index]}, column {column + 1}"


def read(path: str | Path) -> Table:
    """The table in a .csv or .npy file, all numbers finite.

    A .csv has commas between its cells; a first line without any number in it is a header; lines that are blank or
    begin with # are skipped. A .npy holds integers or floats in one or two axes.

    Raises:
        TableError: A file that is missing, empty, too large, not readable, of another kind; a cell that is text,
            empty, nan or infinite; rows of unequal lengths; arrays of objects, or of three axes.
    """
    path = Path(path)
    name = str(path)
    kind = path.suffix.lower()
    if not path.exists():
        raise TableError(f"{name}: no such file; a .csv or .npy file was expected")
    if not path.is_file():
        raise TableError(f"{name}: a .csv or .npy file was expected. Got a folder or a device")
    if kind not in LARGEST:
        raise TableError(
            f"{name}: the name must end in .csv or .npy, which says how to read it. "
            f"Got {path.suffix or 'no ending'!r}"
        )
    size = path.stat().st_size
    if size == 0:
        raise TableError(f"{name}: the file is empty; numbers were expected")
    _require_small(name, kind, size)
    try:
        table = (_read_csv if kind == ".csv" else _read_npy)(path)
    except OSError as error:
        raise TableError(f"{name}: it cannot be read: {error.strerror or error}") from None
    if not np.isfinite(table.values).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(table.values))[0])
        raise TableError(
            f"{name}, {table.where(*at)}: a finite number was expected. Got {table.values[at]}"
        )
    return table


def _require_small(name: str, kind: str, size: int) -> None:
    if size > LARGEST[kind]:
        raise TableError(
            f"{name}: at most {LARGEST[kind] >> 20} MiB are read of a {kind} file. Got {size / (1 << 20):.6g} MiB; "
            "take fewer samples" + (", or write it as .npy" if kind == ".csv" else "")
        )


# --- .csv ---------------------------------------------------------------------------------------


def _read_csv(path: Path) -> Table:
    name = str(path)
    header: tuple[str, ...] | None = None
    rows: list[list[float]] = []
    lines: list[int] = []
    begun = False  # whether a line that counts has been seen: only the first can be a header
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for cells in reader:
                if not any(cell.strip() for cell in cells) and len(cells) <= 1:
                    continue
                if cells[0].lstrip().startswith("#"):
                    continue
                line = reader.line_num
                if not begun:
                    begun = True
                    if all(_number(cell) is None for cell in cells):
                        header = _checked_header(name, line, cells)
                        continue
                rows.append(_row(name, line, cells))
                lines.append(line)
                if len(rows[-1]) != len(rows[0]):
                    raise TableError(
                        f"{name}, line {line}: {len(rows[0])} cells were expected, as in line {lines[0]}. "
                        f"Got {len(rows[-1])}"
                    )
    except UnicodeDecodeError as error:
        raise TableError(
            f"{name}: text in UTF-8 was expected. Got the byte {error.object[error.start]:#04x} "
            f"that is none, at about byte {error.start}"
        ) from None
    except csv.Error as error:
        raise TableError(f"{name}, line {reader.line_num}: not a .csv file: {error}") from None
    if not rows:
        raise TableError(f"{name}: no numbers in it{', only a header' if header else ''}")
    if header is not None and len(header) != len(rows[0]):
        raise TableError(
            f"{name}, line {lines[0]}: {len(header)} cells were expected, as in the header. "
            f"Got {len(rows[0])}"
        )
    values = np.array(rows, dtype=np.float64)  # (n, d)
    is_row = len(values) == 1
    if is_row or values.shape[1] == 1:
        values = values.reshape(-1)
    return Table(name, values, header, np.array(lines), is_row)


def _number(cell: str) -> float | None:
    """The number in a cell, None where it is none; 1_000, which Python reads, is text here."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _row(name: str, line: int, cells: list[str]) -> list[float]:
    row = []
    for column, cell in enumerate(cells, 1):
        number = _number(cell)
        if number is None or not math.isfinite(number):
            raise TableError(
                f"{name}, line {line}, column {column}: a finite number was expected. {_got(cell)}"
            )
        row.append(number)
    return row


def _got(cell: str) -> str:
    if not cell.strip():
        return "Got an empty cell"
    shown = cell if len(cell) <= 40 else cell[:40] + "..."
    separators = [sep for sep in (";", "\t", " ") if sep in cell.strip()]
    hint = "; cells are separated by commas here" if separators else ""
    return f"Got {shown!r}{hint}"


def _checked_header(name: str, line: int, cells: list[str]) -> tuple[str, ...]:
    if len(cells) > 1 and not cells[0].strip():
        raise TableError(
            f"{name}, line {line}, column 1: a name was expected. Got an empty one, as pandas writes above its "
            "index, which would be taken for data; write the file with index=False"
        )
    return tuple(cell.strip() for cell in cells)


# --- .npy ---------------------------------------------------------------------------------------


def _read_npy(path: Path) -> Table:
    name = str(path)
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise TableError(
                f"{name}: an array as numpy.save writes it was expected. Got other bytes at its beginning"
            )
        file.seek(0)
        try:
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            elif version == (2, 0):
                shape, _, dtype = np.lib.format.read_array_header_2_0(file)
            else:
                raise TableError(
                    f"{name}: a .npy file of version 1.0 or 2.0 was expected. Got {version}"
                )
        except TableError:
            raise
        except _BROKEN_HEADER as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TableError(f"{name}: its header cannot be read: {reason[:200]}") from None
        begin = file.tell()
    if dtype.hasobject:
        raise TableError(
            f"{name}: numbers were expected. Got an array of pickled objects, which is not opened, as that could "
            "run code; save it with dtype=float"
        )
    if dtype.kind not in "fiu":
        raise TableError(f"{name}: integers or floats were expected. Got the dtype {dtype}")
    if len(shape) not in (1, 2):
        raise TableError(f"{name}: the shape (n,) or (n, d) was expected. Got {shape}")
    if min(shape) <= 0:
        raise TableError(f"{name}: numbers were expected. Got an empty array, of shape {shape}")
    size = math.prod(shape) * dtype.itemsize
    _require_small(name, ".npy", size)
    if path.stat().st_size - begin != size:
        raise TableError(
            f"{name}: {size} bytes of numbers were expected, as its header says. "
            f"Got {path.stat().st_size - begin}"
        )
    with np.errstate(over="ignore"):
        values = np.load(path, allow_pickle=False).astype(np.float64)
    if values.ndim == 2 and 1 in values.shape:
        values = values.reshape(-1)
    return Table(name, values, None, None)
