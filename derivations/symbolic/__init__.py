"""The symbolic route: sympy closes each step by the rule of its reason."""
