from evaluations.models.challenge import (
    MOST_SELECTED,
    Board,
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
from evaluations.models.run import FINAL, WORKING, FailureKind, LeaseLost, Run, State
from evaluations.models.score import Result, Score
from evaluations.models.standing import Standing, Trust
from evaluations.models.suite import Suite, SuiteVersion

__all__ = [
    "FINAL",
    "MOST_SELECTED",
    "WORKING",
    "Board",
    "Challenge",
    "ChallengeState",
    "Entrant",
    "EntrantState",
    "Entry",
    "FailureKind",
    "FinalBy",
    "LeaseLost",
    "Measure",
    "Phase",
    "Place",
    "Result",
    "Run",
    "Score",
    "SealedResult",
    "Standing",
    "State",
    "Submission",
    "Suite",
    "SuiteVersion",
    "Trust",
]
