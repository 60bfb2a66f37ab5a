"""Peers whose setting up fills a file of its own."""
