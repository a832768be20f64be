"""What the code of a failed run means, in the reader's language. Its reason is its worker's own sentence, in English."""

from django.utils.translation import gettext_lazy as _

TITLES = {
    # The model's faults, as the harness and the worker name them.
    "unsupported": _("A kind of model that is not run here"),
    "corrupt": _("The file is damaged"),
    "shape_mismatch": _("The model and the suite do not fit together"),
    "not_finite": _("There are infinite numbers or none (NaN) in it"),
    "too_large": _("The model is too large for this suite"),
    "out_of_memory": _("The model needs more memory than it may have"),
    "timeout": _("The model took longer than the suite allows"),
    "idle": _("The model gave no sign of life for too long"),
    "processes": _("The model started too many processes"),
    "output": _("The model said more than a run may say"),
    "protocol": _("The answers of the model cannot be used"),
    "crashed": _("The model crashed"),
    # The hub's.
    "device": _("The worker's device could not be used"),
    "suite_data": _("The suite's data are missing"),
    "infrastructure": _("Something that the worker needs could not be reached"),
    "worker_lost": _("The worker was lost"),
    "no_worker": _("No worker has what it needs"),
    "bug": _("A fault of the hub"),
}


def title(code: str) -> str:
    """Empty for a code that is not known here."""
    return str(TITLES.get(code, ""))
