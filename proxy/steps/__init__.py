"""What the steps of a request's journey are made of. See README.md."""
