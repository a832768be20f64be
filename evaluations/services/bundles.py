"""What repeats a scored run elsewhere, and where it is to be had: see `evaluations.reproducing`, which reads it."""

import json
from typing import Any

from django.conf import settings
from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations.errors import ResultNotReady
from evaluations.models import Result, Run, SuiteVersion
from evaluations.models.run import State
from evaluations.services import results, sealing
from models_registry import storage
from models_registry.access import require_read
from models_registry.models import Repository

# They say which architecture the weights have; not every repository has them.
DESCRIBING = ("README.md", "config.json")


def manifest(actor: Actor, run: Run) -> dict[str, Any]:
    """For whoever may read the model. Hidden labels are not in it, nor the inputs of a hidden suite and what was predicted of
    them: a prediction that is right is a label.

    Raises GatedRepository, RepositoryClosed, ResultWithheld, ResultNotReady.
    """
    require_read(actor, run.repository)
    sealing.require_shown(run)
    result = Result.objects.filter(run=run).first()
    if result is None:
        raise ResultNotReady(
            _("This evaluation is %(state)s: it has no result.") % {"state": State(run.state).in_words}
        )
    document = json.loads(result.document)
    version = run.suite_version
    (data,) = version.definition["data"]
    files = [{"path": file["path"], "size": file["size"]} for file in document["model"]["files"]]
    files += [{"path": path, "size": None} for path in DESCRIBING if path not in {file["path"] for file in files}]
    base = f"{settings.BASE_URL}{run.repository.get_absolute_url()}/resolve/{run.commit}"
    is_hidden = version.is_hidden
    return {
        "result": results.signed_document(result),
        "suite": {name: value for name, value in version.definition.items() if name != "data"},
        "files": [{**file, "url": f"{base}/{escape_uri_path(file['path'])}"} for file in files],
        "inputs": None if is_hidden or version.data_repository is None else _inputs(version.data_repository, version),
        "samples": None
        if is_hidden
        else {"url": storage.presign_get(result.samples_key), "sha256": document["samples"]["sha256"]},
        "labels": None
        if data["hidden_labels"]
        else {"url": storage.presign_get(version.labels_key), "sha256": data["labels_sha256"]},
    }


def _inputs(repository: Repository, version: SuiteVersion) -> dict[str, str]:
    base = f"{settings.BASE_URL}{repository.get_absolute_url()}/resolve/{version.data_revision}"
    return {
        "url": f"{base}/{escape_uri_path(version.data_path)}",
        "sha256": version.definition["data"][0]["sha256"],
    }
