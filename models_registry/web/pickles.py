"""What a pickle would import, as a page tells it: the gravest first, each sort with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from models_registry.formats.pickles import DANGEROUS, SAFE, SUSPICIOUS

MOST_SHOWN = 100


@dataclass(frozen=True)
class Imports:
    """`names`: at most 100 of `count`, as "module.name". `sign`: the class of its sign."""

    title: str
    reason: str
    sign: str
    icon: str
    names: list[str]
    count: int


def by_safety(imports: Sequence[Sequence[str]]) -> list[Imports]:
    """imports: of a FileScan."""
    kinds = {
        DANGEROUS: (
            _("dangerous"),
            _("These run commands, open files or reach the network: loading the file hands the computer over."),
            "sign-unsafe", "shield-exclamation",
        ),
        SUSPICIOUS: (
            _("unknown"),
            _("Nothing is known of these. Loading runs them, so look at what they do first."),
            "sign-pickle", "exclamation-triangle",
        ),
        SAFE: (
            _("known"),
            _("Tensors and containers that libraries store in every checkpoint."),
            "sign-clean", "shield-check",
        ),
    }  # fmt: skip
    found = []
    for kind, (title, reason, sign, icon) in kinds.items():
        names = [f"{module}.{name}" for module, name, safety in imports if safety == kind]
        if names:
            found.append(Imports(title, reason, sign, icon, names[:MOST_SHOWN], len(names)))
    return found
