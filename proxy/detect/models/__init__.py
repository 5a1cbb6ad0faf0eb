"""The second name model: its weights, vocabulary, licence and how they were made."""
