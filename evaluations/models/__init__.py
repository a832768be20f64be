from evaluations.models.automation import AutomaticEvaluation, TagRule
from evaluations.models.comparison import Comparison
from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion

__all__ = [
    "FINAL",
    "WORKING",
    "AutomaticEvaluation",
    "Comparison",
    "FailureKind",
    "LeaseLost",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteVersion",
    "TagRule",
    "Trust",
]
