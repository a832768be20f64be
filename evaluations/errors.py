"""What evaluations refuse."""

from django.utils.translation import gettext, gettext_noop

from evaluations.proposal_words import in_words
from hub.errors import Conflict, Invalid, NotFound, RateLimited, Unavailable


class SuiteNotFound(NotFound):
    says = gettext_noop("There is no such suite.")


class GroupNotFound(NotFound):
    says = gettext_noop("There is no such group of suites.")


class EditionNotFound(NotFound):
    says = gettext_noop("There is no such edition.")


class EditionExists(Conflict):
    says = gettext_noop("There is an edition of today already, and no edition changes.")


class NothingToPublish(Conflict):
    says = gettext_noop("This board has nothing to publish just now.")


class EditionDamaged(Unavailable):
    says = gettext_noop(
        "The document of this edition is not in storage as it was signed: the hub's operator has to bring it back."
    )


class RunNotFound(NotFound):
    says = gettext_noop("There is no such evaluation, or you may not see it.")


class ResultNotReady(NotFound):
    says = gettext_noop("This evaluation has no result.")


class NotComparable(Conflict):
    says = gettext_noop("These two evaluations did not answer the same rows.")


class NothingToEvaluate(Invalid):
    says = gettext_noop("Only models are evaluated.")


class RunIsFinal(Conflict):
    says = gettext_noop("This evaluation has ended; what it says is not changed any more.")


class NotAutomatic(NotFound):
    says = gettext_noop("New commits of this repository are not evaluated on this suite.")


class TagRuleNotFound(NotFound):
    says = gettext_noop("There is no such rule.")


class TagRuleExists(Conflict):
    says = gettext_noop("There is such a rule already.")


class QuotaExhausted(RateLimited):
    says = gettext_noop("Enough evaluations for today.")


class SuiteChanged(Conflict):
    says = "A suite's file was changed without a new version: results of one version must all mean the same."


class ChallengeNotFound(NotFound):
    says = gettext_noop("There is no such challenge.")


class EntryNotFound(NotFound):
    says = gettext_noop("There is no such entry, invitation or submission of yours.")


class ChallengeClosed(Conflict):
    says = gettext_noop("This challenge does not take it now.")


class AlreadyEntered(Conflict):
    says = gettext_noop("Each member competes in one entry of a challenge.")


class TeamIsFull(Conflict):
    says = gettext_noop("The entry has as many members as the challenge allows.")


class AlreadySubmitted(Conflict):
    says = gettext_noop("The entry has submitted this commit already.")


class SuiteSealed(Conflict):
    says = gettext_noop("A challenge is held on this suite: until its results, it measures nothing but submissions.")


class ResultWithheld(Conflict):
    says = gettext_noop("Scores and samples are withheld until the challenge has ended.")


class SuitesHomeless(Conflict):
    says = "The organisation in which this hub keeps its suites' data belongs to somebody else."


class ProposalNotFound(NotFound):
    says = gettext_noop("There is no such proposal, or you may not see it.")


class ProposalIsDecided(Conflict):
    says = gettext_noop("This proposal was published or declined already.")


class InvalidProposal(Invalid):
    """A proposed suite that cannot be one. `faults`: what is wrong, in a sentence each."""

    def __init__(self, faults: list[str]) -> None:
        words = gettext("This is no suite that can be proposed: %(faults)s") % {
            "faults": " ".join(map(in_words, faults))
        }
        super().__init__(words[:900], details={"faults": faults})
        self.faults = faults
