"""`privet serve`: one process or many, and what each is built of. See README.md."""
