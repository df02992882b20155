"""Terminologies as they are downloaded -> concepts: a reader a form, and one merge."""
