from evaluations.models.automation import AutomaticEvaluation, TagRule
from evaluations.models.board import Board
from evaluations.models.challenge import (
    MOST_SELECTED,
    BoardKind,
    Challenge,
    ChallengeState,
    Entrant,
    EntrantState,
    Entry,
    FinalBy,
    Measure,
    Phase,
    Place,
    SealedResult,
    Submission,
)
from evaluations.models.comparison import Comparison
from evaluations.models.edition import Edition, EditionModel
from evaluations.models.group import GroupMember, GroupPart, GroupStanding, SuiteGroup
from evaluations.models.performance import Performance
from evaluations.models.run import FINAL, UNFINISHED, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score, SplitScore
from evaluations.models.self_reported import SelfReportedScore
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteProposal, SuiteVersion
from evaluations.models.worker import Mode, Worker

__all__ = [
    "FINAL",
    "MOST_SELECTED",
    "UNFINISHED",
    "WORKING",
    "AutomaticEvaluation",
    "Board",
    "BoardKind",
    "Challenge",
    "ChallengeState",
    "Comparison",
    "Edition",
    "EditionModel",
    "Entrant",
    "EntrantState",
    "Entry",
    "FailureKind",
    "FinalBy",
    "GroupMember",
    "GroupPart",
    "GroupStanding",
    "LeaseLost",
    "Measure",
    "Mode",
    "Performance",
    "Phase",
    "Place",
    "Result",
    "Run",
    "Score",
    "SealedResult",
    "SelfReportedScore",
    "SplitScore",
    "Standing",
    "State",
    "Submission",
    "Suite",
    "SuiteGroup",
    "SuiteProposal",
    "SuiteVersion",
    "TagRule",
    "Trust",
    "Worker",
]
