from evaluations.models.board import Board
from evaluations.models.edition import Edition, EditionModel
from evaluations.models.group import GroupMember, GroupPart, GroupStanding, SuiteGroup
from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion

__all__ = [
    "FINAL",
    "WORKING",
    "Board",
    "Edition",
    "EditionModel",
    "FailureKind",
    "GroupMember",
    "GroupPart",
    "GroupStanding",
    "LeaseLost",
    "Result",
    "Run",
    "Score",
    "Standing",
    "State",
    "Suite",
    "SuiteGroup",
    "SuiteVersion",
    "Trust",
]
