"""How good findings are, beside stock Presidio."""
