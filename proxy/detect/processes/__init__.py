"""The detector processes, and the queue before them."""
