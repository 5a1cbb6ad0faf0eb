"""What personal and secret data is in a text: models, patterns, and the sweep for repetitions."""
