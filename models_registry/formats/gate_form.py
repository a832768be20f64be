"""What a card asks of who wants to read a gated repository: words, questions, and terms to accept.

The keys are those that other hubs know (`extra_gated_heading`, `…_description`, `…_button_content`, `…_prompt`, `…_fields`)
and two of our own: `extra_gated_license_file` names a file of the repository whose text must be accepted, and
`extra_gated_license_text` holds such a text itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

MOST_FIELDS = 20
MOST_OPTIONS = 100
LONGEST_LABEL = 300
LONGEST_ANSWER = {"text": 500, "textarea": 5000}
LONGEST_HEADING, LONGEST_DESCRIPTION, LONGEST_BUTTON, LONGEST_PROMPT = 200, 1000, 100, 20_000
LONGEST_TERMS = 200_000
# Which files may be shown to who may not read the repository yet: those that say under which terms it is given.
TERMS_FILE = re.compile(r"(?:licen[cs]e|copying|terms|notice|use[-_]policy|agreement)[\w.-]{0,60}", re.IGNORECASE)
_COUNTRY = re.compile(r"[A-Z]{2}")
_PREFIX = "extra_gated_"


class FieldType(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    CHECKBOX = "checkbox"
    DATE = "date_picker"
    COUNTRY = "country"
    SELECT = "select"


_SPELLINGS = {"date": FieldType.DATE, "long_text": FieldType.TEXTAREA}


@dataclass(frozen=True)
class Question:
    """One field. `options` are of a select. A required checkbox must be ticked."""

    label: str
    type: FieldType = FieldType.TEXT
    options: tuple[str, ...] = ()
    required: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "type": self.type.value,
            "options": list(self.options),
            "required": self.required,
        }

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> "Question":
        return cls(row["label"], FieldType(row["type"]), tuple(row["options"]), row["required"])


@dataclass(frozen=True)
class GateWords:
    """`terms_file`: in which file the terms stand; else they are `terms`."""

    heading: str = ""
    description: str = ""
    button: str = ""
    prompt: str = ""
    questions: tuple[Question, ...] = ()
    terms: str = ""
    terms_file: str = ""
    problems: tuple[str, ...] = field(default=(), compare=False)


class BadAnswers(ValueError):
    """`faults`: {label: what is wrong with its answer}."""

    def __init__(self, faults: dict[str, str]):
        super().__init__("; ".join(f"{label}: {fault}" for label, fault in faults.items()))
        self.faults = faults


def read(metadata: Mapping[str, Any]) -> GateWords:
    """Never fails: what cannot be used is left out and named in `problems`."""
    problems: list[str] = []

    def text(name: str, longest: int) -> str:
        value = metadata.get(_PREFIX + name)
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= longest:
            return value.strip()
        problems.append(f"“{_PREFIX}{name}” should be one text of at most {longest} characters; it is ignored.")
        return ""

    questions = tuple(_questions(metadata.get(_PREFIX + "fields"), problems))
    terms_file = text("license_file", LONGEST_HEADING)
    if terms_file and not TERMS_FILE.fullmatch(terms_file):
        problems.append(
            f"“{_PREFIX}license_file” should name a file such as LICENSE, at the top of the repository; it is ignored."
        )
        terms_file = ""
    return GateWords(
        heading=text("heading", LONGEST_HEADING),
        description=text("description", LONGEST_DESCRIPTION),
        button=text("button_content", LONGEST_BUTTON),
        prompt=text("prompt", LONGEST_PROMPT),
        questions=questions,
        terms="" if terms_file else text("license_text", LONGEST_TERMS),
        terms_file=terms_file,
        problems=tuple(problems),
    )


def _questions(written: Any, problems: list[str]) -> Iterator[Question]:
    if written is None:
        return
    if not isinstance(written, Mapping):
        problems.append(f"“{_PREFIX}fields” should name each question with its type; it is ignored.")
        return
    for count, (label, form) in enumerate(written.items()):
        if count == MOST_FIELDS:
            problems.append(f"“{_PREFIX}fields” asks more than {MOST_FIELDS} questions; the rest is left out.")
            return
        question = _question(str(label).strip(), form)
        if question is None:
            problems.append(f"“{_PREFIX}fields”: “{str(label)[:60]}” has no type that is known; it is left out.")
        else:
            yield question


def _question(label: str, form: Any) -> Question | None:
    more: Mapping[str, Any] = form if isinstance(form, Mapping) else {"type": form}
    name = more.get("type", "text")
    kind = _SPELLINGS.get(str(name)) or (FieldType(name) if name in list(FieldType) else None)
    options = tuple(_options(more.get("options")))
    required = more.get("required", True)
    if kind is None or not label or len(label) > LONGEST_LABEL or not isinstance(required, bool):
        return None
    if (kind == FieldType.SELECT) != bool(options):
        return None
    return Question(label, kind, options, required)


def _options(written: Any) -> Iterator[str]:
    """Of each the value where it has one besides its label: it is what was asked for."""
    for option in written[:MOST_OPTIONS] if isinstance(written, list) else []:
        value = option.get("label", option.get("value")) if isinstance(option, Mapping) else option
        if isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) <= LONGEST_LABEL:
            yield str(value)


def checked(questions: tuple[Question, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers by label, in order: text, and true or false of checkboxes; what nobody asked is left out.

    Raises BadAnswers.
    """
    answers: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for question in questions:
        try:
            answer = _answer(question, given.get(question.label))
        except ValueError as fault:
            faults[question.label] = str(fault)
        else:
            if answer is not None:
                answers[question.label] = answer
    if faults:
        raise BadAnswers(faults)
    return answers


def _answer(question: Question, given: Any) -> Any:
    """None: not answered, and need not be."""
    if question.type == FieldType.CHECKBOX:
        ticked = given is True or str(given).lower() in {"on", "true", "1", "yes"}
        if question.required and not ticked:
            raise ValueError("must be accepted")
        return ticked
    text = given.strip().replace("\x00", "") if isinstance(given, str) else ""
    if given is not None and not isinstance(given, str):
        raise ValueError("must be a text")
    if not text:
        if question.required:
            raise ValueError("is needed")
        return None
    match question.type:
        case FieldType.SELECT if text not in question.options:
            raise ValueError(f"must be one of {', '.join(question.options)}")
        case FieldType.COUNTRY if not _COUNTRY.fullmatch(text.upper()):
            raise ValueError("must be a country's code of two letters, such as DE")
        case FieldType.COUNTRY:
            return text.upper()
        case FieldType.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise ValueError("must be a date, such as 2026-01-31") from None
        case FieldType.TEXT | FieldType.TEXTAREA if len(text) > LONGEST_ANSWER[question.type]:
            raise ValueError(f"must be at most {LONGEST_ANSWER[question.type]} characters")
    return text
