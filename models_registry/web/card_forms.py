"""The fields of a card's metadata. What they cannot show stays as it is written; what nobody changes is not written again."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from models_registry.formats import languages, tasks
from models_registry.formats.card import LONGEST_WORD, MOST_TAGS
from models_registry.formats.licences import UNSTATED
from models_registry.models import Kind, Relation
from models_registry.services import licences
from models_registry.services.card_editing import as_written, line_of, words_of
from models_registry.templatetags.registry import task_title
from models_registry.web.forms import LicenceField, task_choices

_SPLIT = re.compile(r"[,，;\n]")
_REPOSITORY = re.compile(r"[\w.\-]{1,96}(?:/[\w.\-]{1,96})?")

RELATIONS = [
    ("", _("as its files imply")),
    (Relation.FINETUNE, _("a fine-tune of it")),
    (Relation.ADAPTER, _("an adapter for it")),
    (Relation.QUANTIZED, _("quantised from it")),
    (Relation.MERGE, _("a merge of them")),
]


class WordsInput(forms.Widget):
    """Each chosen word is a box to untick; new ones are typed into NAME-new, with commas between them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        typed = _SPLIT.split(data.get(f"{name}-new", ""))
        return list(dict.fromkeys(word.strip() for word in [*data.getlist(name), *typed] if word.strip()))


class WordsField(forms.Field):
    """A list of words. `suggestions`: [(word, what it means)] to choose from; `kind`: of which repositories to suggest names."""

    widget = WordsInput
    is_words = True

    def __init__(
        self,
        *,
        suggestions: Callable[[], Iterable[tuple[str, str]]] | None = None,
        kind: Kind | None = None,
        check: Callable[[str], object] | None = None,
        fault: str | Promise = "",
        placeholder: str | Promise = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(required=False, **kwargs)
        self.suggestions, self.kind, self.placeholder = suggestions or tuple, kind, placeholder
        self.check, self.fault = check, fault

    def validate(self, value: Any) -> None:
        if len(value) > MOST_TAGS:
            raise ValidationError(_("At most %(count)s of them.") % {"count": MOST_TAGS})
        if long := next((word for word in value if len(word) > LONGEST_WORD), None):
            raise ValidationError(_("“%(word)s…” is too long.") % {"word": long[:40]})
        # What the card said before is its author's: only what is new is held against the rule.
        for word in value:
            if self.check is not None and word not in (self.initial or ()) and not self.check(word):
                raise ValidationError(self.fault % {"word": word})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(dict.fromkeys(initial or ())) != list(data or ())


def _plain(words: Iterable[str]) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [(word, "") for word in words]


def _task_suggestions() -> list[tuple[str, str]]:
    return [(task, task_title(task)) for group in tasks.TASKS.values() for task in group]


def _language_suggestions() -> Sequence[tuple[str, str]]:
    return languages.choices(get_language() or "en")


def _repositories(kind: Kind, label: Any) -> WordsField:
    return WordsField(
        label=label, kind=kind, check=_REPOSITORY.fullmatch, placeholder=_("owner/name"),
        fault=_("“%(word)s” is no name of a repository, such as owner/name."),
    )  # fmt: skip


def _line(label: Any, **attributes: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attributes})
    return forms.CharField(label=label, max_length=500, required=False, widget=widget)


def _languages() -> WordsField:
    return WordsField(
        label=_("Languages"), suggestions=_language_suggestions, check=languages.is_language, placeholder="en",
        fault=_("“%(word)s” is no language tag, such as en or zh-Hans."),
    )  # fmt: skip


class CardForm(forms.Form):
    """The metadata that we know by name. `metadata`: as the card has them now, which the fields show and are compared with."""

    license = LicenceField(
        label=_("Licence"),
        validators=[RegexValidator(r"^[A-Za-z0-9.+\-_(), ]+$", _("Use letters, digits, “-”, “.” and “+”."))],
    )
    license_name = _line(_("Its own name"), placeholder="my-terms-1.0")
    license_link = _line(_("Where its text is"), placeholder="LICENSE")
    groups: Sequence[tuple[Any, tuple[str, ...]]] = ()

    def __init__(self, data: Any = None, *, metadata: dict[str, Any]) -> None:
        super().__init__(data, auto_id="card-%s")
        self.metadata = metadata
        self.locked: list[str] = []
        for name, field in list(self.fields.items()):
            shown = self._shown(name, field)
            if shown is None:
                self.locked.append(name)
                del self.fields[name]
                continue
            field.initial = self.initial[name] = shown
            if isinstance(field, forms.ChoiceField) and shown and shown not in dict(_flat(field.choices)):
                field.choices = [*field.choices, (shown, shown)]  # type: ignore[misc]

    def _shown(self, name: str, field: forms.Field) -> Any:
        value = self.metadata.get(name)
        if isinstance(field, WordsField):
            return words_of(value)
        if name == "license":
            words = words_of(value)
            return None if words is None else ", ".join(words)
        return line_of(value)

    @property
    def kept(self) -> list[str]:
        """Keys of the metadata that no field shows."""
        return [name for name in self.metadata if name not in self.fields]

    def grouped(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.groups]

    def changes(self) -> dict[str, Any]:
        """{key: its new value, None to take it out}, of what was changed. Raises Invalid for a licence that cannot be named."""
        changed = set(self.changed_data)
        found: dict[str, Any] = {}
        for name in changed - {"license", "license_name", "license_link"}:
            value = self.cleaned_data[name]
            is_words = isinstance(value, list)
            found[name] = as_written(name, value, self.metadata.get(name)) if is_words else value or None
        for name in changed & {"license_name", "license_link"}:
            found[name] = self.cleaned_data[name] or None
        if "license" in changed:
            found |= self._licence()
        return {name: value for name, value in found.items() if value is not None or name in self.metadata}

    def _licence(self) -> dict[str, Any]:
        words = [word.strip() for word in self.cleaned_data["license"].split(",") if word.strip()]
        if len(words) > 1:
            return {"license": words, "license_name": None, "license_link": None}
        written: dict[str, Any] = dict(licences.front_matter(words[0] if words else ""))
        if written["license"] == "other" and words[0].lower() in UNSTATED:
            return {"license": "other"}
        return written


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for value, title in choices:
        if isinstance(title, list | tuple):
            yield from title
        else:
            yield value, title


class ModelCardForm(CardForm):
    pipeline_tag = forms.ChoiceField(label=_("Task"), required=False, choices=task_choices)
    library_name = _line(_("Library"), list="libraries", placeholder="transformers")
    language = _languages()
    base_model = _repositories(Kind.MODEL, _("Base models"))
    base_model_relation = forms.ChoiceField(label=_("It is"), required=False, choices=RELATIONS)
    datasets = _repositories(Kind.DATASET, _("Datasets"))
    metrics = WordsField(label=_("Metrics"), suggestions=_plain(tasks.METRICS), placeholder="accuracy")
    tags = WordsField(label=_("Tags"))
    thumbnail = _line(_("Picture"), placeholder="thumbnail.png")

    groups = (
        (_("Licence"), ("license", "license_name", "license_link")),
        (_("What it does"), ("pipeline_tag", "library_name", "language")),
        (_("What it was made from"), ("base_model", "base_model_relation", "datasets")),
        (_("To find it by"), ("tags", "metrics", "thumbnail")),
    )


class DatasetCardForm(CardForm):
    pretty_name = _line(_("Full name"))
    task_categories = WordsField(label=_("Tasks"), suggestions=_task_suggestions)
    task_ids = WordsField(label=_("Narrower tasks"))
    language = _languages()
    size_categories = WordsField(label=_("Rows"), suggestions=_plain(tasks.SIZES), placeholder="1K<n<10K")
    source_datasets = WordsField(label=_("Made from"), suggestions=_plain(("original",)), kind=Kind.DATASET)
    annotations_creators = WordsField(label=_("Labels made by"), suggestions=_plain(tasks.CREATORS))
    language_creators = WordsField(label=_("Texts written by"), suggestions=_plain(tasks.CREATORS))
    multilinguality = WordsField(label=_("How many languages"), suggestions=_plain(tasks.MULTILINGUALITY))
    tags = WordsField(label=_("Tags"))
    thumbnail = _line(_("Picture"), placeholder="thumbnail.png")

    groups = (
        (_("Licence"), ("license", "license_name", "license_link")),
        (_("What it holds"), ("pretty_name", "task_categories", "task_ids", "language", "multilinguality", "size_categories")),
        (_("Where it comes from"), ("source_datasets", "annotations_creators", "language_creators")),
        (_("To find it by"), ("tags", "thumbnail")),
    )  # fmt: skip


FORMS: dict[str, type[CardForm]] = {Kind.MODEL: ModelCardForm, Kind.DATASET: DatasetCardForm}
