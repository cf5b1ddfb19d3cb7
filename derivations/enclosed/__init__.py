"""The enclosure route: ball arithmetic, over whole boxes where it can and at exact points elsewhere."""
