"""Privet: the hedge between a company and the AI models it uses."""
