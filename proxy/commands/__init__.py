"""The commands behind `privet …`: what each takes, and what does it. See README.md."""
