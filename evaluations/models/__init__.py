from evaluations.models.automation import AutomaticEvaluation, TagRule
from evaluations.models.board import Board
from evaluations.models.comparison import Comparison
from evaluations.models.edition import Edition, EditionModel
from evaluations.models.group import GroupMember, GroupPart, GroupStanding, SuiteGroup
from evaluations.models.run import FINAL, UNFINISHED, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion
from evaluations.models.worker import Mode, Worker

__all__ = [
    "FINAL",
    "UNFINISHED",
    "WORKING",
    "AutomaticEvaluation",
    "Board",
    "Comparison",
    "Edition",
    "EditionModel",
    "FailureKind",
    "GroupMember",
    "GroupPart",
    "GroupStanding",
    "LeaseLost",
    "Mode",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteGroup",
    "SuiteVersion",
    "TagRule",
    "Trust",
    "Worker",
]
