"""Insight: pure measures on the book, for one day or one period."""
