from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteProposal, SuiteVersion

__all__ = [
    "FINAL",
    "WORKING",
    "FailureKind",
    "LeaseLost",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteProposal",
    "SuiteVersion",
    "Trust",
]
