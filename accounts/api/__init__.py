"""Signing in by a browser, for programs."""
