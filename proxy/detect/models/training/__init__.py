"""How the second name model was trained: by hand, never while serving. See README.md."""
