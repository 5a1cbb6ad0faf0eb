"""What the audit log holds of an exchange, and what it needs meanwhile. See README.md."""
