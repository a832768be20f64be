"""Pages of the registry. `{namespace}/{name}` comes last in the site's addresses: whatever stands before it wins."""

from django.urls import path

from models_registry.page_addresses import Page, patterns
from models_registry.web import (
    access_settings,
    browsing,
    changes,
    data,
    editing,
    feeds,
    files,
    gates,
    licences,
    namespaces,
    references,
    repositories,
    repository_settings,
    search_engines,
    secrets,
    transfer,
)

PAGES: list[Page] = [
    ("", repositories.card, "repository"),
    ("/tree/<path:rest>", files.tree, "tree"),
    ("/blob/<path:rest>", files.blob, "blob"),
    ("/data", data.data, "data"),
    ("/edit/<path:rest>", editing.edit, "edit"),
    ("/new/<path:rest>", editing.new, "new-file"),
    ("/move/<path:rest>", editing.move, "move-file"),
    ("/delete/<path:rest>", editing.delete, "delete-file"),
    ("/commits/<path:rest>", changes.commits, "commits"),
    ("/commit/<path:rest>", changes.commit, "commit"),
    ("/compare", changes.choose, "compare-choose"),
    ("/compare/<path:rest>", changes.compare, "compare"),
    ("/branches", references.branches, "branches"),
    ("/branches/delete/<path:rest>", references.delete_branch, "branch-delete"),
    ("/tags", references.tags, "tags"),
    ("/tags/delete/<path:rest>", references.delete_tag, "tag-delete"),
    ("/access", gates.gate, "gate"),
    ("/access/withdraw", gates.withdraw, "access-withdraw"),
    ("/secrets", secrets.secrets, "secrets"),
    ("/secrets/<int:finding>/dismiss", secrets.dismiss, "secret-dismiss"),
    ("/settings", repository_settings.general, "repository-settings"),
    ("/settings/visibility", repository_settings.visibility, "repository-visibility"),
    ("/settings/default-branch", repository_settings.default_branch, "repository-default-branch"),
    ("/settings/licence", repository_settings.licence, "repository-licence"),
    ("/settings/access", access_settings.requests, "repository-access"),
    ("/settings/access/gate", access_settings.mode, "repository-gate"),
    ("/settings/access/questions", access_settings.words, "repository-gate-words"),
    ("/settings/access/grant", access_settings.grant, "repository-grant"),
    ("/settings/access/accept", access_settings.accept_all, "repository-accept-all"),
    ("/settings/access/export", access_settings.export, "repository-access-export"),
    ("/settings/access/<int:request_id>", access_settings.decide, "repository-access-decide"),
    ("/settings/transfer", transfer.transfer, "repository-transfer"),
    ("/settings/delete", repository_settings.delete, "repository-delete"),
]


urlpatterns = [
    path("feeds/models.atom", feeds.new_repositories, {"kind": "model"}, name="new-models-feed"),
    path("feeds/datasets.atom", feeds.new_repositories, {"kind": "dataset"}, name="new-datasets-feed"),
    path("previews/<plural:plural>/<str:namespace>/<str:name>.png", search_engines.preview, name="repository-preview"),
    path("models", browsing.models, name="models"),
    path("datasets", browsing.datasets, name="datasets"),
    path("licences", licences.licences, name="licences"),
    path("settings/gated-repos", gates.mine, name="settings-gated"),
    path("new", repositories.new, name="new-repository"),
    *patterns(PAGES),
    path("<str:name>", namespaces.namespace, name="namespace"),
]
