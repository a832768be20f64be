from evaluations.models.run import FINAL, UNFINISHED, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion
from evaluations.models.worker import Mode, Worker

__all__ = [
    "FINAL",
    "UNFINISHED",
    "WORKING",
    "FailureKind",
    "LeaseLost",
    "Mode",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteVersion",
    "Trust",
    "Worker",
]
