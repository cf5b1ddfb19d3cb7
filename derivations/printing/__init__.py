"""What a run found and what a claim says: terminal, JSON, HTML, LaTeX."""
