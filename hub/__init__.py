"""The project itself, and the few tools that every app uses."""
