from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.suite import Suite, SuiteVersion

__all__ = [
    "FINAL",
    "WORKING",
    "FailureKind",
    "LeaseLost",
    "Result",
    "Run",
    "Score",
    "State",
    "Suite",
    "SuiteVersion",
]
