"""Policy: which provider may see what, and how the rest is hidden. See README.md."""
