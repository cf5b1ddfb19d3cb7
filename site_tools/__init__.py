"""What builds the tutorial: an MkDocs hook that ties every displayed formula to a checked claim.

`hook.py` hears MkDocs' events; each kind of block that a chapter may contain is one file named
`*_block.py`; `pages_*.py` write the pages that nobody types. CONTRIBUTING.md, "Writing a chapter",
has the conventions.
"""
