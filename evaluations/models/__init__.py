from evaluations.models.performance import Performance
from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion

__all__ = [
    "FINAL",
    "WORKING",
    "FailureKind",
    "LeaseLost",
    "Performance",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteVersion",
    "Trust",
]
