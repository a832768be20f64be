"""What the registry refuses. Codes and some texts are those that Hub clients know."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_noop

from hub.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    HubError,
    Invalid,
    Moved,
    NotFound,
    NotOffered,
    PreconditionFailed,
    TooLarge,
    Unavailable,
)
from hub.kept_sentences import sentence


class RepositoryNotFound(HubError):
    says = gettext_noop("There is no such repository, or you may not see it.")
    status = 404
    code = "RepoNotFound"

    def __init__(self, message: str = "", *, anonymous: bool = False):
        super().__init__(message)
        if anonymous:  # who sends no token is told to, whether there is something to see or not
            self.status = 401


class RepositoryMoved(Moved):
    """This repository was renamed or given away: doors lead on to its address of today."""

    code = "RepoNotFound"  # where they cannot, because the name stood in a body


class RevisionNotFound(NotFound):
    says = gettext_noop("There is no such revision.")
    code = "RevisionNotFound"

    def __init__(self, revision: str):
        super().__init__(gettext("Invalid rev id: %(revision)s") % {"revision": revision})


class EntryNotFound(NotFound):
    says = gettext_noop("There is no such file or folder.")
    code = "EntryNotFound"


class GatedRepository(HubError):
    """Access to this repository is restricted."""

    status = 403
    code = "GatedRepo"
    page = "models_registry/repository_shut.html"

    def __init__(self, message: str, *, repository: str, gate: str, anonymous: bool):
        super().__init__(message)
        self.repository, self.gate = repository, gate
        if anonymous:
            self.status = 401


class AnswersNeeded(BadRequest):
    """Who wants to read this gated repository must answer its owners' questions, or accept their terms.

    `faults`: {question: what is wrong with its answer}. `terms_missing`: the terms, as they are now, were not accepted.
    """

    def __init__(self, page: str, faults: dict[str, str], *, terms_missing: bool):
        wrong = [f"{label}: {fault}" for label, fault in faults.items()]
        wrong += [gettext("its terms must be accepted, as they stand now")] if terms_missing else []
        words = gettext("Answer what the owners ask at %(page)s, or send the answers by question: %(wrong)s.")
        super().__init__(
            (words % {"page": page, "wrong": "; ".join(wrong)})[:900],
            details={"fields": faults, "termsMissing": terms_missing},
        )
        self.faults = faults
        self.terms_missing = terms_missing


class DecisionStands(Conflict):
    says = gettext_noop("The owners have decided, and that cannot be undone by who asked.")


class ContentQuarantined(Forbidden):
    says = sentence(
        gettext_noop(
            "This file is in quarantine, because it is malware: nobody can get it until a maintainer of this hub has looked"
            " at it."
        )
    )
    code = "Quarantined"


class RepositoryDisabled(Forbidden):
    says = gettext_noop("Access to this resource is disabled.")


class RepositoryClosed(RepositoryDisabled):
    says = gettext_noop("Access to this resource is disabled.")

    # Hub clients know that sentence; people read the notice in the body, beside git's error, or on a page of its own.

    page = "models_registry/repository_closed.html"
    page_status = 451

    def __init__(self, *, notice: str, legal_basis: str = "", since: datetime | None = None):
        told = {"notice": notice, "legalBasis": legal_basis or None, "since": since.isoformat() if since else None}
        super().__init__(details={name: value for name, value in told.items() if value})
        self.notice, self.legal_basis, self.since = notice, legal_basis, since

    @property
    def in_words(self) -> str:
        basis = f"\nLegal basis: {self.legal_basis}" if self.legal_basis else ""
        since = f"\nSince {self.since:%Y-%m-%d}." if self.since else ""
        return f"{self}\n{self.notice}{basis}{since}"


class RepositoryExists(Conflict):
    says = gettext_noop("There is a repository of this name already.")


class BadName(BadRequest):
    says = gettext_noop("This is no name for a repository.")


class BadPath(Invalid):
    says = gettext_noop("This is no path for a file.")


class PathTaken(Conflict):
    says = gettext_noop("There is a file or folder of this name already.")


class PullRequestClosed(Conflict):
    says = gettext_noop("This pull request is merged or closed.")


class NothingToMerge(Conflict):
    says = gettext_noop("This pull request has no commits that its base lacks.")


class MergeConflict(Conflict):
    """Both sides have changed the same files. `paths`: which, by path."""

    def __init__(self, paths: Sequence[str]):
        named = ", ".join(paths[:10])
        if len(paths) > 10:
            named = gettext("%(paths)s and %(count)s more") % {"paths": named, "count": len(paths) - 10}
        words = gettext("Both sides have changed %(paths)s: merge the base into the pull request first.")
        super().__init__(words % {"paths": named})
        self.paths = list(paths)
        self.details = {"filesWithConflicts": self.paths}


class ReferenceExists(Conflict):
    says = gettext_noop("There is a reference of this name already.")


class ReferenceGuarded(Forbidden):
    says = gettext_noop("This tag is protected, and may not move so.")

    # Not 409: the stock client takes that for "it is there already", which `exist_ok=True` lets pass.

    code = "ReferenceGuarded"


class BranchMoved(PreconditionFailed):
    says = gettext_noop("The branch was updated since you opened this page. Please refresh and try again.")
    code = "BranchMoved"


class ContentMissing(BadRequest):
    says = gettext_noop("This names content that was never uploaded here.")


class ContentMismatch(Invalid):
    says = "These bytes are not what they were said to be."


class ContentTooLarge(TooLarge):
    says = gettext_noop("This content is larger than the hub accepts.")


class StorageUnavailable(Unavailable):
    says = gettext_noop("The storage does not answer just now: try again in a moment.")


class StillReading(Unavailable):
    says = gettext_noop("The hub still reads what arrived, to check its SHA-256: ask again in a moment.")


class RangeNotSatisfiable(HubError):
    says = "The file ends before the range that was asked for."
    status = 416


class Malformed(BadRequest):
    says = "These bytes do not have the form they should."


class GitMissing(NotOffered):
    says = "This hub runs on a machine without the git program, and so cannot speak git: use its API."


class PushRefused(Invalid):
    """What was pushed cannot be taken. `words`: lines that say what to do."""

    def __init__(self, message: str, *words: str):
        super().__init__(message)
        self.words = words


class AlreadyLocked(Conflict):
    says = "Somebody has locked this file."
