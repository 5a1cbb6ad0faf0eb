"""What a customer knows: dictionaries, patterns, allow lists."""
