"""What evaluations refuse."""

from hub.errors import Conflict, Invalid, NotFound, RateLimited


class SuiteNotFound(NotFound):
    """There is no such suite."""


class RunNotFound(NotFound):
    """There is no such evaluation, or you may not see it."""


class ResultNotReady(NotFound):
    """This evaluation has no result."""


class NothingToEvaluate(Invalid):
    """Only models are evaluated."""


class RunIsFinal(Conflict):
    """This evaluation has ended; what it says is not changed any more."""


class QuotaExhausted(RateLimited):
    """Enough evaluations for today."""


class SuiteChanged(Conflict):
    """A suite's file was changed without a new version: results of one version must all mean the same."""


class SuitesHomeless(Conflict):
    """The organisation in which this hub keeps its suites' data belongs to somebody else."""


class ProposalNotFound(NotFound):
    """There is no such proposal, or you may not see it."""


class ProposalIsDecided(Conflict):
    """This proposal was published or declined already."""


class InvalidProposal(Invalid):
    """A proposed suite that cannot be one. `faults`: what is wrong, in a sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"This is no suite that can be proposed: {' '.join(faults)}"[:900], details={"faults": faults})
        self.faults = faults
