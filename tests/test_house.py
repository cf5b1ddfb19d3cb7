"""The house: which way imports run, and what the first import costs in modules."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OUTSIDE = {"examples", "tests", "benchmarks", "docs", "site_tools"}
FORBIDDEN = {
    "divergences": {"derivations", "models"} | OUTSIDE,
    "derivations": {"models"} | OUTSIDE,
    "models": {"derivations"} | OUTSIDE,
}


def imported(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of each import in a file of `package`, wherever it stands in the file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else ()
            yield node.lineno, ".".join([*parent, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield node.lineno, str(argument.value)


def wrong(source: str, package: tuple[str, ...]) -> list[str]:
    return [
        f"line {line} imports {module}"
        for line, module in imported(source, package)
        if module.split(".")[0] in FORBIDDEN[package[0]]
    ]


@pytest.mark.parametrize("top", FORBIDDEN)
def test_imports_run_one_way(top: str) -> None:
    files = sorted((ROOT / top).rglob("*.py"))
    assert files
    found = []
    for path in files:
        package = path.relative_to(ROOT).parent.parts
        found += [f"{path.relative_to(ROOT)}: {each}" for each in wrong(path.read_text(), package)]
    assert found == []


# The verifier's rooms, and whom each may import. The two routes never meet: they share the words (and,
# through `divergences.enclosure`, ball arithmetic), so that a mistake of one is not a mistake of both.
ROOMS = {
    "words": set(),
    "ground": {"words"},
    "symbolic": {"words", "ground"},
    "enclosed": {"words"},
    "claims": {"words"},
    "running": {"words", "ground", "symbolic", "enclosed", "claims"},
    "printing": {"words", "symbolic", "running", "claims"},
    "commands": {"words", "symbolic", "running", "printing", "claims"},
}
DOORS = {  # modules beside the rooms, and the room that each belongs to
    "claim": "words", "language": "words", "vocabulary": "words", "verify": "running",
    "ledger": "running", "cli": "commands",
}  # fmt: skip


def rooms_entered(source: str, package: tuple[str, ...]) -> set[str]:
    """The rooms of `derivations` that a file imports from, its own left out."""
    found = set()
    for _, module in imported(source, package):
        parts = module.split(".")
        if parts[0] == "derivations" and len(parts) > 1:
            found.add(DOORS.get(parts[1], parts[1]))
    return found - {package[1] if len(package) > 1 else ""}


@pytest.mark.parametrize("room", ROOMS)
def test_the_verifiers_rooms_are_entered_one_way(room: str) -> None:
    files = sorted((ROOT / "derivations" / room).rglob("*.py"))
    assert files
    for path in files:
        package = path.relative_to(ROOT).parent.parts
        entered = rooms_entered(path.read_text(), package)
        assert entered <= ROOMS[room], f"{path.relative_to(ROOT)}: {entered - ROOMS[room]}"


def test_every_folder_of_the_verifier_is_a_room() -> None:
    folders = {path.parent.name for path in (ROOT / "derivations").glob("*/__init__.py")}
    assert folders == set(ROOMS)
    doors = {path.stem for path in (ROOT / "derivations").glob("*.py")} - {"__init__"}
    assert doors == set(DOORS)


def test_the_check_sees_the_two_routes_meet() -> None:
    assert rooms_entered("from ..ground.signs import x", ("derivations", "enclosed")) == {"ground"}
    assert rooms_entered("from ..claim import x", ("derivations", "claims")) == {"words"}
    assert rooms_entered("import derivations.enclosed.check", ("derivations", "symbolic")) == {
        "enclosed"
    }


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import derivations.claim", ("divergences",)),
        ("def f():\n    from models import gan", ("divergences",)),
        ("from models.gan import x", ("derivations", "claims")),
        ("import numpy, derivations", ("models",)),
        ("import_module('derivations.cli')", ("models",)),
        ("import tests.test_house", ("derivations",)),
    ],
)
def test_the_check_sees_a_wrong_import(source: str, package: tuple[str, ...]) -> None:
    assert len(wrong(source, package)) == 1


def test_the_check_passes_a_right_import() -> None:
    assert (
        wrong(
            "from divergences import kl\nfrom . import claim\nfrom .. import x",
            ("derivations", "claims"),
        )
        == []
    )


def loaded_by(code: str) -> set[str]:
    """The top-level modules in memory after running `code` in a fresh interpreter."""
    show = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", f"{code}\n{show}"]
    return set(
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    )


def test_importing_divergences_is_light() -> None:
    loaded = loaded_by("import divergences")
    assert "divergences" in loaded
    assert not loaded & {
        "sympy",
        "torch",
        "scipy",
        "flint",
        "mpmath",
        "jax",
        "matplotlib",
        "typer",
        "rich",
    }


def test_public_names_are_there() -> None:
    import divergences as dv

    for name in dv.__all__:
        assert name in dir(dv)
        assert getattr(dv, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = dv.nonsense


def test_the_gaussian_forms_load_no_torch_by_themselves() -> None:
    assert "torch" not in loaded_by(
        "import divergences; divergences.gaussian.kl(0.0, 1.0, 1.0, 2.0)"
    )


def test_every_package_of_the_project_file_is_pinned() -> None:
    import re
    import tomllib

    def canonical(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    pinned = {
        canonical(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert {canonical(re.split(r"[\[><=]", each)[0]) for each in wanted} <= pinned
