"""Names of persons, places and organizations: the models, and what is made of what they say."""
