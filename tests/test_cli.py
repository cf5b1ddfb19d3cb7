"""The command: what it prints, what it writes, and its exit status."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sympy as sp
from typer.testing import CliRunner

import derivations.ledger
from derivations.claim import Claim, Stationary, TakenOnTrust, Verdict, at_most, chain, eq
from derivations.cli import app
from derivations.language import REAL, Mass, Supremum, Total

ROOT = Path(__file__).parent.parent
p, q, t, u, x, y = sp.symbols("p q t u x y")
run = CliRunner()

RIGHT = Claim(
    "the-conjugate-of-kl-under-a-rather-long-name",
    "`Conjugate(u*log(u), u, t) = exp(t - 1)` <script>alert('&')</script>",
    "conjugates",
    "Fenchel 1949",
    (
        chain(
            Supremum(t * u - u * sp.log(u), u, 0, sp.oo),
            eq(sp.exp(t - 1), "the slope is 0 & so on", Stationary(sp.exp(t - 1))),
            given={t: REAL},
        ),
    ),
)
LEMMA = Claim(
    "bhattacharyya",
    "`BC(p, q) <= 1`",
    "inequalities",
    "Cauchy (1821)",
    (
        chain(
            "BC(p, q)",
            at_most(sp.sqrt(Total(p)) * sp.sqrt(Total(q)), "by", TakenOnTrust("cauchy-schwarz")),
            eq(1, "totals"),
            given={p: Mass(), q: Mass()},
        ),
    ),
    name="Cauchy's inequality",
    shown_for="`p > 0`, `q > 0`",
)
FALSE = Claim(
    "false-root",
    "the root of a square",
    "false",
    "nobody",
    (chain(sp.sqrt(x**2), eq(x, "forgotten sign"), given={x: REAL}),),
    expected=Verdict.REFUTED,
)
WRONG = replace(FALSE, id="wrong-root", topic="wrong", expected=Verdict.BOTH)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, Claim]:
    """A ledger of three claims, all as expected."""
    claims = derivations.ledger.collect([RIGHT, LEMMA, FALSE])
    monkeypatch.setattr(derivations.ledger, "ledger", lambda: claims)
    return claims


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = derivations.ledger.collect([RIGHT, WRONG])
    monkeypatch.setattr(derivations.ledger, "ledger", lambda: claims)


def test_a_run_as_expected_ends_with_0(small: dict[str, Claim]) -> None:
    result = run.invoke(app, ["verify"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    for name in small:
        assert any(line.split()[:1] == [name] for line in lines), name  # never cut, never wrapped
    assert "  bhattacharyya <- cauchy-schwarz" in lines
    assert "  bhattacharyya (both): p > 0, q > 0" in lines  # what it was shown for
    assert "  false-root: the root of a square" in lines
    assert re.search(r"\n    chain 1, step 1, at x = -\S+: .* is false\n", result.output)
    assert lines[-2] == "symbolic: 2 proved; enclosure: 2 points"
    assert any(line.startswith("Trusted base: 1 lemma") for line in lines)
    assert re.fullmatch(
        r"3 claims: 2 both, 1 refuted as expected, 0 unexpected in [\d.]+ s", lines[-1]
    )
    assert "\x1b" not in result.output


def test_a_surprise_ends_with_1_and_says_why(wrong: None) -> None:
    result = run.invoke(app, ["verify"])
    assert result.exit_code == 1
    assert "wrong-root: expected both, came refuted" in result.output
    found = re.search(r"chain 1, step 1, at x = (\S+): (\S+) = (\S+) is false", result.output)
    assert found and sp.Rational(found[1]) < 0
    assert result.output.splitlines()[-1].startswith("2 claims: 1 both, 1 unexpected in")


def test_only_what_is_asked_for_is_run(wrong: None) -> None:
    assert run.invoke(app, ["verify", RIGHT.id]).exit_code == 0
    assert run.invoke(app, ["verify", "--topic", "conjugates"]).exit_code == 0
    assert run.invoke(app, ["verify", "--topic", "wrong"]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "false-rot"], "no claim is called 'false-rot'; did you mean false-root?"),
        (["verify", "root"], "false-root"),
        (["verify", "zzz"], "`fenchel list`"),
        (["verify", "--topic", "conjugate"], "did you mean conjugates?"),
        (["verify", "bhattacharyya", "--topic", "false"], "no claim of those named"),
        (["verify", "--json", "nowhere/x.json"], "there is no folder nowhere"),
        (["verify", "--json", "."], "is a folder"),
        (["verify", "--html", "nowhere/page"], "there is no folder nowhere"),
        (["verify", "--jobs", "0"], "--jobs"),
        (["verify", "--timeout", "0"], "--timeout"),
        (["show", "false-rot"], "false-root"),
        (["show"], "ID"),
        (["list", "--topic", "fals"], "did you mean false?"),
        (["nonsense"], "nonsense"),
        (["conjugate", "u", "--json", "nowhere/x.json"], "there is no folder nowhere"),
    ],
)
def test_a_usage_error_ends_with_2(
    small: dict[str, Claim], arguments: list[str], said: str
) -> None:
    result = run.invoke(app, arguments)
    assert result.exit_code == 2
    assert said in re.sub(r"[\s│]+", " ", result.output)


def test_json_on_stdout_is_alone_there(small: dict[str, Claim]) -> None:
    result = run.invoke(app, ["verify", "--json", "-"])
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [claim["id"] for claim in document["claims"]] == list(small)
    assert document["summary"]["claims"] == 3
    assert document["claims"][2]["counterexample"]["point"]["x"].startswith("-")
    assert document["claims"][1]["title"] == "BC(P, Q) <= 1"
    assert document["claims"][1]["name"] == "Cauchy's inequality"
    assert document["claims"][1]["shown_for"] == "p > 0, q > 0"
    counts = document["summary"]
    assert counts["both"] == 2 and counts["supported"] == 0 and counts["mutants"]["weaker"] == 0
    assert counts["routes"] == {
        "symbolic": {"proved": 2, "not shown": 0},
        "enclosure": {"boxes": 0, "points": 2, "cannot speak": 0},
    }
    assert "3 claims" in result.stderr


def test_json_in_a_file_is_whole(small: dict[str, Claim], tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    result = run.invoke(app, ["verify", "--topic", "false", "--json", str(target)])
    assert result.exit_code == 0
    assert json.loads(target.read_text())["summary"]["refuted_as_expected"] == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_mutants_are_counted(small: dict[str, Claim]) -> None:
    result = run.invoke(app, ["verify", RIGHT.id, "--mutants"])
    assert result.exit_code == 0
    assert re.search(
        r"mutants: (\d+) of \1 refuted, \d+ equivalent, \d+ weaker, 0 undecided", result.output
    )


def test_list_names_every_claim(small: dict[str, Claim]) -> None:
    lines = run.invoke(app, ["list"]).output.splitlines()
    assert lines[0] == "conjugates"
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(small)
    assert run.invoke(app, ["list", "--topic", "false"]).output.splitlines() == [
        "false",
        "  false-root  the root of a square  [refuted]",
    ]


def test_show_prints_the_derivation(small: dict[str, Claim]) -> None:
    out = run.invoke(app, ["show", RIGHT.id]).output
    for each in (
        "Fenchel 1949",
        "given t real",
        "sup_{u > 0} (t u - u log u)",
        "=  e^(t - 1)",
        "[the slope is 0",
    ):
        assert each in out
    out = run.invoke(app, ["show", "bhattacharyya"]).output
    assert "bhattacharyya: Cauchy's inequality: BC(P, Q) <= 1" in out
    assert "shown for p > 0, q > 0" in out
    assert "<= sqrt(sum_x p) sqrt(sum_x q)" in out
    assert "BC(P, Q) = sum_x sqrt(p q)" in out[out.index("where") :]
    assert "cauchy-schwarz: total(sqrt(a b))" in out


def test_show_latex_is_an_align_environment(small: dict[str, Claim]) -> None:
    out = run.invoke(app, ["show", RIGHT.id, "--latex"]).output.strip().splitlines()
    assert (out[0], out[-1]) == (r"\begin{align*}", r"\end{align*}")
    assert r"={}& e^{t - 1} && \text{the slope is 0 \& so on}" in out[2]
    assert out[1].endswith(r" \\") and not out[2].endswith(r"\\")


# --- the page ---------------------------------------------------------------------------------


class Page(HTMLParser):
    VOID = frozenset({"meta", "br", "link", "img", "hr"})

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: dict[str, int] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            assert not name.startswith("on") and name != "src"
            if name == "href":
                self.links.append(str(value))
            if name == "id":
                self.ids.append(str(value))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_one_sound_file(small: dict[str, Claim], tmp_path: Path) -> None:
    result = run.invoke(app, ["verify", "--html", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "index.html"
    text = file.read_text()
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.tags["math"] >= 7  # one an expression, more in titles, hypotheses, definitions
    assert page.tags["details"] >= 1 and "Definitions" in text
    assert text.count("shown for") == 2  # in the table and at the derivation
    assert set(page.links) <= {f"#{name}" for name in page.ids}
    assert set(small) <= set(page.ids) and len(page.ids) == len(set(page.ids))
    assert "http" not in re.sub(r"<text.*?</text>", "", text)
    words = " ".join(page.text)
    for each in (
        "<script>alert('&')</script>",
        RIGHT.source,
        LEMMA.id,
        "Cauchy",
        "forgotten sign",
        "Counterexample",
    ):
        assert each in words


def test_the_page_names_surprises(wrong: None, tmp_path: Path) -> None:
    assert run.invoke(app, ["verify", "--html", str(tmp_path)]).exit_code == 1
    text = (tmp_path / "index.html").read_text()
    assert "Not as expected" in text and "refuted, expected both" in text


# --- the command itself -----------------------------------------------------------------------


def fenchel(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "derivations.cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_help_is_light() -> None:
    code = (
        "import sys\nsys.argv = ['fenchel', '--help']\n"
        "from derivations.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "assert not {'sympy', 'torch', 'numpy', 'flint'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in ("verify", "list", "show", "conjugate"):
        assert command in done.stdout


def test_version() -> None:
    assert fenchel("--version").stdout.startswith("fenchel")


def test_the_real_ledger_in_a_narrow_window() -> None:
    """Piped, 40 columns wide: plain characters, and each name whole."""
    names = [line.split()[0] for line in fenchel("list").stdout.splitlines() if line[:1] == " "]
    assert len(names) == len(set(names)) >= 2
    done = fenchel("verify", "conjugate-kl", "--json", "-", COLUMNS="40")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["claims"][0]["verdict"] == "both"
    assert "\x1b" not in done.stderr + done.stdout
    assert "conjugate-kl" in [line.split()[0] for line in done.stderr.splitlines() if line.strip()]


@pytest.mark.parametrize("formula", ["u*log(u)", "(u-1)**2"])
def test_conjugate_is_reached(formula: str) -> None:
    done = fenchel("conjugate", formula, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert "conjugate" in json.loads(done.stdout)


# --- a broken ledger --------------------------------------------------------------------------


@pytest.fixture
def claims_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of claims in place of the project's."""
    name = "claims_of_a_test"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(derivations.ledger, "claims_package", importlib.import_module(name))
    derivations.ledger.ledger.cache_clear()
    yield folder
    derivations.ledger.ledger.cache_clear()
    for module in [m for m in sys.modules if m.split(".")[0] == name]:
        del sys.modules[module]


CLAIM = """
from derivations.claim import Claim, chain, eq
CLAIMS = (Claim("one", "T", "topic", "S (2001)", (chain({first}, eq(1, "so")),)),)
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = (", "SyntaxError"),
        ("1/0", "(broken.py, line 1): ZeroDivisionError: division by zero"),
        (CLAIM.format(first='"1"'), "claim one, chain 1, step 1"),
        (CLAIM.format(first='"nonsense(1)"'), "(broken.py, line 3): NotReadable"),
        (CLAIM.format(first='"x"'), "no domain is given for x"),
        ("", "has no attribute 'CLAIMS'"),
        ("CLAIMS = (1,)", "CLAIMS holds a int, not a Claim"),
    ],
)
def test_a_broken_file_of_claims_is_one_line(claims_folder: Path, content: str, said: str) -> None:
    (claims_folder / "broken.py").write_text(content)
    for command in (["verify"], ["list"], ["show", "one"]):
        result = run.invoke(app, command)
        assert result.exit_code == 2
        assert isinstance(result.exception, SystemExit)
        (line,) = result.output.splitlines()
        assert line.startswith("fenchel: claims_of_a_test/broken.py") and said in line


def test_a_duplicate_id_names_both_files(claims_folder: Path) -> None:
    for name in ("first", "second"):
        (claims_folder / f"{name}.py").write_text(CLAIM.format(first='"2 - 1"'))
    result = run.invoke(app, ["list"])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert "the id one is taken twice, in first.py and in second.py" in line
