"""What both the rules and the reader need first: domains as assumptions, definedness, signs, concavity."""
