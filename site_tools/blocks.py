"""A chapter's text, cut into lines of text and fenced blocks, with the line of each.

Displayed mathematics that no block ties to a claim is found here: `$$`, `\\[`, `\\begin{...}`, a fence
called `math` and its like, `\\displaystyle` inside a line, MathML typed by hand.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import SiteError

FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
UNTIED = re.compile(r"\$\$|\\\[|\\\]|\\begin\s*\{|\\displaystyle|<math\b|class=.?arithmatex")
MATH_FENCES = {"math", "latex", "tex", "katex", "asciimath"}
HINT = (
    "displayed mathematics must be tied to a claim: write it as a block ```claim ID, "
    "or as ```notation where it only fixes notation"
)


@dataclass(frozen=True)
class Block:
    """A fence: its language, the words after it, its body; `line` is the fence's own."""

    language: str
    words: tuple[str, ...]
    body: str
    line: int
    indent: str
    raw: tuple[str, ...]

    @property
    def flags(self) -> set[str]:
        return {word for word in self.words if "=" not in word}

    @property
    def options(self) -> dict[str, str]:
        return dict(word.split("=", 1) for word in self.words if "=" in word)

    def arguments(
        self, names: int, flags: frozenset[str] = frozenset(), options: frozenset[str] = frozenset()
    ) -> list[str]:
        """The bare words that are no flag; just `names` of them. Raises on anything not known."""
        bare = [w for w in self.words if "=" not in w and w not in flags]
        unknown = sorted(set(self.options) - options)
        if len(bare) != names or unknown:
            known = ", ".join([*sorted(flags), *(f"{o}=..." for o in sorted(options))]) or "none"
            wrong = ", ".join([*bare[names:], *unknown]) or "a name is missing"
            raise SiteError(
                f"a {self.language} block takes {names} name(s), options: {known}; got {wrong}"
            )
        return bare


@dataclass(frozen=True)
class Line:
    """A line outside every fence."""

    text: str
    line: int


def scan(text: str, first: int = 1) -> Iterator[Block | Line]:
    """The text's parts in order; `first` is the number of its first line in the file."""
    opened: re.Match[str] | None = None
    raw: list[str] = []
    for number, line in enumerate(text.split("\n"), first):
        fence = FENCE.match(line)
        if opened is None and fence is None:
            yield Line(line, number)
        elif opened is None:
            opened, raw, start = fence, [line], number
        else:
            raw.append(line)
            if fence and _closes(fence, opened):
                yield _block(opened, raw, start)
                opened = None
    if opened is not None:
        raise SiteError("this fence is never closed", line=start)


def _closes(fence: re.Match[str], opened: re.Match[str]) -> bool:
    return not fence["info"].strip() and fence["fence"].startswith(opened["fence"])


def _block(opened: re.Match[str], raw: list[str], start: int) -> Block:
    indent, info = opened["indent"], opened["info"].strip()
    try:
        words = [] if info.startswith("{") else shlex.split(info)
    except ValueError as error:
        raise SiteError(f"cannot read {info!r}: {error}", line=start) from None
    body = "\n".join(line.removeprefix(indent) for line in raw[1:-1])
    language = words[0] if words else info
    return Block(language, tuple(words[1:]), body, start, indent, tuple(raw))


def without_code(line: str) -> str:
    """The line with its code spans blanked, so that what is quoted there is not taken for text."""
    return CODE_SPAN.sub(lambda found: " " * len(found[0]), line)


def untied(part: Block | Line) -> str:
    """Why this part is displayed mathematics that no claim stands behind; empty when it is not."""
    if isinstance(part, Block):
        name = part.language.strip("{}. ").split(" ")[0].lstrip(".")
        return f"a fence called {name}: {HINT}" if name in MATH_FENCES else ""
    text = without_code(part.text)
    if found := UNTIED.search(text):
        return f"{found[0]}: {HINT}"
    if re.search(r"(?<!\\)\\\(.*\\\)", text) and not text.startswith("#"):
        return "mathematics inside a line is written as $...$"
    if re.match(r" {0,3}#", text) and "$" in text:
        return "mathematics in a heading cannot go into the table of contents: write words"
    return ""
