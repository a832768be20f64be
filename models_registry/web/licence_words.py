"""Licences in plain words: what the facts of `formats.licence_terms` mean for a member, and why two licences disagree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from models_registry.formats import licence_texts
from models_registry.formats.card import CardFacts
from models_registry.formats.licence_conflicts import Finding, Rule
from models_registry.formats.licence_terms import TABLE, Allowed, Asked, Terms, choices, known_names
from models_registry.formats.licences import identify
from models_registry.services.licences import TextFile

COMMERCIAL_TITLES: dict[str, Promise] = {
    "yes": gettext_lazy("Usable commercially"),
    "conditional": gettext_lazy("Commercially, with conditions"),
    "no": gettext_lazy("Not commercially"),
}
_CONDITIONS: dict[str, Promise] = {
    "users-700m": gettext_lazy("while what you offer has at most 700 million users a month"),
    "users-100m": gettext_lazy("while what you offer has at most 100 million users a month"),
    "revenue-1m": gettext_lazy("while you take in less than a million US dollars a year"),
    "revenue-50m": gettext_lazy("while you take in less than 50 million US dollars a year"),
    "no-hosting": gettext_lazy("but not to offer the model itself as a service"),
}
_FORBIDDEN: dict[str, Promise] = {
    "automated-decisions": gettext_lazy("decisions about people's rights that nobody checks"),
    "bypass-safeguards": gettext_lazy("taking out its safeguards without others in their place"),
    "critical-infrastructure": gettext_lazy("running critical infrastructure"),
    "discrimination": gettext_lazy("discriminating against people or groups"),
    "disinformation": gettext_lazy("spreading what is verifiably false to harm others"),
    "exploits-vulnerable": gettext_lazy("exploiting people who are vulnerable"),
    "harassment": gettext_lazy("harassing, threatening or defaming people"),
    "impersonation": gettext_lazy("passing for somebody without their consent"),
    "improve-other-models": gettext_lazy("making other language models better with it or what it writes"),
    "in-the-eu": gettext_lazy("in the European Union, using what handles pictures"),
    "law-enforcement": gettext_lazy("predicting who will commit a crime, and other work of police, courts or borders"),
    "malware": gettext_lazy("making or spreading malware"),
    "medical-advice": gettext_lazy("giving medical advice"),
    "military": gettext_lazy("military use"),
    "minors": gettext_lazy("harming or exploiting children"),
    "other-than-computation": gettext_lazy("anything but computing on the data"),
    "personal-data": gettext_lazy("using personal data to harm people"),
    "self-harm": gettext_lazy("encouraging self-harm"),
    "sexual-content": gettext_lazy("sexually explicit content for arousal"),
    "social-scoring": gettext_lazy("social scoring"),
    "train-other-models": gettext_lazy("training other foundation models"),
    "undisclosed-machine-text": gettext_lazy("hiding that a machine wrote something"),
    "unlawful": gettext_lazy("anything against the law"),
    "unlicensed-advice": gettext_lazy("legal, medical or financial advice without the licence that it takes"),
    "violence": gettext_lazy("violence and terrorism"),
    "weapons": gettext_lazy("making weapons"),
}
_RULES: dict[Rule, Promise] = {
    Rule.COMMERCIAL_ON_NONCOMMERCIAL: gettext_lazy("does not allow commercial use, which this licence allows."),
    Rule.CONDITIONS_DROPPED: gettext_lazy("allows commercial use on conditions that this one drops."),
    Rule.NO_DERIVATIVES: gettext_lazy("does not let anybody share changed versions."),
    Rule.SHARE_ALIKE_DROPPED: gettext_lazy("asks for the same terms on what is made of it, which this licence does not keep."),
    Rule.RESTRICTIONS_DROPPED: gettext_lazy("forbids some uses and asks to pass that on, which this licence does not."),
    Rule.NAMING: gettext_lazy("asks that the name of what is made of it begins with its own."),
    Rule.CREDIT_DROPPED: gettext_lazy("asks for its notice to be kept, which this licence does not ask of others."),
    Rule.SHARE_ALIKE_OF_DATA: gettext_lazy("asks to share alike. Whether that reaches a trained model cannot be told."),
    Rule.NO_DERIVATIVES_OF_DATA: gettext_lazy("lets nobody share adaptations. Whether a trained model is one cannot be told."),
    Rule.RESTRICTIONS_OF_DATA: gettext_lazy("forbids some uses. Whether that reaches a trained model cannot be told."),
    Rule.UNKNOWN: gettext_lazy("cannot be compared with this one, because one of them is not known here."),
    Rule.NO_LICENCE: gettext_lazy("is not named: whether it may be built on cannot be told."),
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One line of the summary. `mark`: "yes", "conditional", "no" or "unknown", which its icon and word show."""

    mark: str
    title: str
    text: str = ""


@dataclass(frozen=True)
class Choice:
    """One licence, or several that hold at once."""

    name: str
    facts: tuple[Fact, ...]
    forbidden: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Warning:  # noqa: A001 - what it is, and this module warns of nothing else
    """Where a licence contradicts another: `name` of what it was made from, its licence, and why."""

    name: str
    licence: str
    text: str
    is_contradiction: bool


def summary(written: str) -> list[Choice]:
    """What the licence allows, for each choice that it leaves; [] where none is named or none is known."""
    if not written.strip():
        return []
    return [_choice(terms) for terms in choices(written) if terms.ids & TABLE.keys() or terms.is_known]


def _choice(terms: Terms) -> Choice:
    return Choice(
        name=" + ".join(identify(name).name or name for name in sorted(terms.ids)),
        facts=tuple(_facts(terms)),
        forbidden=tuple(str(_FORBIDDEN[use]) for use in sorted(terms.forbidden)),
        sources=terms.sources,
    )


def _facts(terms: Terms) -> Iterable[Fact]:
    yield _commercial(terms)
    if terms.derivatives != Allowed.YES:
        yield Fact(
            *_allowed(
                terms.derivatives,
                _("You may not share changed versions"),
                _("Whether changed versions may be shared cannot be told"),
            )
        )
    yield _asked(terms.credit, _("Credit its authors"), _("No credit is asked for"))
    if terms.state_changes == Asked.YES:
        yield Fact("conditional", _("Say what you changed"))
    if terms.share_alike == Asked.YES:
        text = _("only its own files or the library itself") if terms.shares_weakly else ""
        yield Fact("conditional", _("Share what you make of it alike"), text)
    if terms.passes_on == Asked.YES:
        yield Fact("conditional", _("Pass its restrictions on"))
    if terms.naming:
        yield Fact("conditional", _("Begin the name of what you make of it with “%(name)s”") % {"name": terms.naming})
    if terms.patents == Allowed.YES:
        yield Fact("yes", _("Its authors' patents are included"))
    elif terms.patents == Allowed.NO:
        yield Fact("no", _("Patents are not included"))


def _commercial(terms: Terms) -> Fact:
    if terms.commercial == Allowed.UNKNOWN:
        return Fact("unknown", _("Whether it may be used commercially cannot be told"))
    mark = {Allowed.YES: "yes", Allowed.CONDITIONAL: "conditional"}.get(terms.commercial, "no")
    text = "; ".join(str(_CONDITIONS[key]) for key in sorted(terms.conditions)) if mark == "conditional" else ""
    return Fact(mark, str(COMMERCIAL_TITLES[mark]), text)


def _allowed(answer: Allowed, no: str, unknown: str) -> tuple[str, str]:
    return ("no", no) if answer == Allowed.NO else ("unknown", unknown)


def _asked(answer: Asked, yes: str, no: str) -> Fact:
    if answer == Asked.UNKNOWN:
        return Fact("unknown", _("Whether credit is asked for cannot be told"))
    return Fact("conditional", yes) if answer == Asked.YES else Fact("yes", no)


def warnings(found: Sequence[Finding]) -> list[Warning]:
    return [
        Warning(
            name=finding.parent.name,
            licence=identify(finding.parent.licence).name or finding.parent.licence,
            text=str(_RULES[finding.rule]),
            is_contradiction=finding.is_contradiction,
        )
        for finding in found
    ]


def doubts(written: CardFacts, *, link: object, text: TextFile | None) -> list[str]:
    """Why a reader of the card could not tell which licence holds, in a sentence each.

    link: what the card says of where its text is. text: of the file in the repository.
    """
    if written.licences == ("other",):
        if written.licence == "other":
            return [_("“other” alone says nothing: give the licence its own name, and say where its text is.")]
        if not link:
            return [_("Say where the text of “%(name)s” is: nobody knows it by its name.") % {"name": written.licence}]
    if text is not None and licence_texts.contradicts(written.licence, text.ids):
        said = {
            "path": text.path,
            "theirs": licence_texts.name_of(text.ids),
            "ours": identify(written.licence).name,
        }
        return [_("By its title, %(path)s is %(theirs)s, but the card says %(ours)s. Which one holds?") % said]
    return []


_FREE, _ALIKE = pgettext_lazy("licences", "Free"), pgettext_lazy("licences", "Share alike")
_NOT_COMMERCIAL = pgettext_lazy("licences", "Not for commercial use")
_UNCHANGED = pgettext_lazy("licences", "No changed versions")
_OF_MODELS = pgettext_lazy("licences", "Of models")


def _group_of(name: str, terms: Terms) -> Promise:
    if name in _of_models():
        return _OF_MODELS
    if terms.commercial == Allowed.NO:
        return _NOT_COMMERCIAL
    if terms.derivatives == Allowed.NO:
        return _UNCHANGED
    return _ALIKE if terms.share_alike == Asked.YES else _FREE


@cache
def _of_models() -> set[str]:
    return {name for name in TABLE if not identify(name).spdx}


def grouped() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every licence with known terms as choices of a form, in groups, the freest group first."""
    groups: dict[str, list[tuple[str, str]]] = {
        str(title): [] for title in (_FREE, _ALIKE, _UNCHANGED, _NOT_COMMERCIAL, _OF_MODELS)
    }
    for written, full in sorted(known_names().items(), key=lambda entry: entry[1].lower()):
        (terms,) = choices(written)
        groups[str(_group_of(written, terms))].append((written, full))
    return list(groups.items())
