"""What evaluations refuse."""

from hub.errors import Conflict, Invalid, NotFound, RateLimited, Unavailable


class SuiteNotFound(NotFound):
    """There is no such suite."""


class GroupNotFound(NotFound):
    """There is no such group of suites."""


class EditionNotFound(NotFound):
    """There is no such edition."""


class EditionExists(Conflict):
    """There is an edition of today already, and no edition changes."""


class NothingToPublish(Conflict):
    """This board has nothing to publish just now."""


class EditionDamaged(Unavailable):
    """The document of this edition is not in storage as it was signed: the hub's operator has to bring it back."""


class RunNotFound(NotFound):
    """There is no such evaluation, or you may not see it."""


class ResultNotReady(NotFound):
    """This evaluation has no result."""


class NotComparable(Conflict):
    """These two evaluations did not answer the same rows."""


class NothingToEvaluate(Invalid):
    """Only models are evaluated."""


class RunIsFinal(Conflict):
    """This evaluation has ended; what it says is not changed any more."""


class NotAutomatic(NotFound):
    """New commits of this repository are not evaluated on this suite."""


class TagRuleNotFound(NotFound):
    """There is no such rule."""


class TagRuleExists(Conflict):
    """There is such a rule already."""


class QuotaExhausted(RateLimited):
    """Enough evaluations for today."""


class SuiteChanged(Conflict):
    """A suite's file was changed without a new version: results of one version must all mean the same."""


class ChallengeNotFound(NotFound):
    """There is no such challenge."""


class EntryNotFound(NotFound):
    """There is no such entry, invitation or submission of yours."""


class ChallengeClosed(Conflict):
    """This challenge does not take it now."""


class AlreadyEntered(Conflict):
    """Each member competes in one entry of a challenge."""


class TeamIsFull(Conflict):
    """The entry has as many members as the challenge allows."""


class AlreadySubmitted(Conflict):
    """The entry has submitted this commit already."""


class SuiteSealed(Conflict):
    """A challenge is held on this suite: until its results, it measures nothing but submissions."""


class ResultWithheld(Conflict):
    """Scores and samples are withheld until the challenge has ended."""


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
