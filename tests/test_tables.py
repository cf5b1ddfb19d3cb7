"""The files that `fenchel compare` reads: what they hold, what is refused, and with which place in the message."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from divergences import _tables
from divergences._tables import TableError, read


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5\n0.5\n", [0.5, 0.5]),
        ("0.5,0.5\n", [0.5, 0.5]),
        ("\ufeffp\n0.5\r\n0.5\r\n\r\n", [0.5, 0.5]),
        ("# numpy.savetxt\nx,y\n1,2\n3,4e-1\n", [[1, 2], [3, 0.4]]),
        ('"1", 2 \n3,4', [[1, 2], [3, 4]]),
    ],
)
def test_what_a_csv_holds(tmp_path: Path, text: str, values: list) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read(path).values, values)


@pytest.mark.parametrize("dtype", ["f4", ">f8", "i2", "u8", "f2"])
def test_every_number_of_a_npy_becomes_float64(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", np.array([[1, 2], [3, 4]], dtype=dtype))
    values = read(tmp_path / "a.npy").values
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("\n\n", ["no numbers"]),
        ("x,y\n", ["only a header"]),
        ("0.5\nhalf\n", ["line 2, column 1", "'half'"]),
        ("a,b\n1,2\n3,x\n", ["line 3, column 2", "'x'"]),
        ("1,b\n1,2\n", ["line 1, column 2", "'b'"]),
        ("1,2\n\n3\n", ["line 3", "2 cells", "Got 1"]),
        ("a,b\n1\n", ["line 2", "2 cells"]),
        ("1,2\n3,\n", ["line 2, column 2", "empty cell"]),
        ("1\nnan\n", ["line 2, column 1", "'nan'"]),
        ("1\n1e999\n", ["line 2, column 1", "finite"]),
        ("1_000\n2\n3", ["no"]),
        ("2\n1_000\n", ["line 2", "1_000"]),
        ("1;2\n3;4\n", ["separated by commas"]),
        (",p\n0,0.5\n1,0.5\n", ["line 1, column 1", "index=False"]),
        ('1\n"2\n3\n', ["line"]),
    ],
)
def test_a_wrong_csv_is_refused_with_the_place(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    if text == "1_000\n2\n3":  # a first line without a number is a header
        assert len(read(path).values) == 2
        return
    with pytest.raises(TableError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe1\x00\n\x00")
    with pytest.raises(TableError, match="UTF-8"):
        read(path)


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, where: Path) -> None:
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.where,))


def test_pickles_are_refused_and_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    np.save(tmp_path / "a.npy", np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(TableError, match="pickled objects"):
        read(tmp_path / "a.npy")
    with pytest.raises(TableError, match=r"numpy\.save"):
        read(tmp_path / "b.npy")
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([]), "empty array"),
        (np.zeros((3, 0)), "empty array"),
        (np.array(0.5), "shape"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.array([1j]), "complex"),
        (np.array(["a"]), "dtype"),
        (np.array([True]), "bool"),
        (np.array([1, np.inf]), "index 1.*inf"),
        (np.array([[1, 2], [3, np.nan]]), "index 1, 1.*nan"),
    ],
)
def test_a_wrong_npy_is_refused(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(TableError, match=words):
        read(tmp_path / "a.npy")


def test_a_header_that_promises_more_allocates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for shape, words in (((10**15,), "at most"), ((1000,), "8000 bytes"), ((-1,), "empty array")):
        with path.open("wb") as file:
            header = {"descr": "<f8", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.write(b"\0" * 16)
        with pytest.raises(TableError, match=words):
            read(path)


def test_a_broken_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for rest in (b"", b"\x01\x00\x04\x00((((", b"\x03\x00\x00\x00", b"\x01\x00\xff\xff{"):
        path.write_bytes(b"\x93NUMPY" + rest)
        with pytest.raises(TableError):
            read(path)


def test_too_large_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tables, "LARGEST", {".csv": 4, ".npy": 4})
    (tmp_path / "a.csv").write_text("1\n2\n3\n")
    with pytest.raises(TableError, match="at most"):
        read(tmp_path / "a.csv")


def test_missing_folders_and_other_endings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1\n")
    (tmp_path / "d.csv").mkdir()
    for name, words in (("none.csv", "no such file"), ("a.txt", "'.txt'"), ("d.csv", "folder")):
        with pytest.raises(TableError, match=words):
            read(tmp_path / name)
