"""The audit log: sealed, append-only, verifiable offline. Imports nothing from `proxy`."""
