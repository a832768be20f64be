"""The evaluations' pages of the administration. Acts call services, which write the audit log."""

from evaluations.admin import challenges, proposals, runs, suites, workers

__all__ = ["challenges", "proposals", "runs", "suites", "workers"]
