"""What stops a build, with the file and the line where the author has to look."""

from __future__ import annotations


class SiteError(Exception):
    """`file:line: what is wrong`. The line is the one in the file, front matter included."""

    def __init__(self, message: str, file: str = "", line: int = 0) -> None:
        self.message, self.file, self.line = message, file, line
        where = f"{file}:{line}: " if line else f"{file}: " if file else ""
        super().__init__(where + message)
