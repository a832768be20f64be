"""What a new file may start from: those that most repositories have."""

from collections.abc import Callable

from models_registry.formats import gitattributes
from models_registry.models import Commit, Repository
from models_registry.services import trees
from models_registry.services.card_editing import README, template

# Training logs that the hub draws are not in it.
_GITIGNORE = """\
# Python
__pycache__/
*.py[cod]
*.egg-info/
.venv/
venv/
.ipynb_checkpoints/

# Secrets and settings of one machine
.env
.DS_Store

# What a training can make again
.cache/
checkpoint-*/
wandb/
*.tmp
"""

_TEXTS: dict[str, Callable[[Repository], str]] = {
    README: lambda repository: template(repository.name, repository.kind),
    ".gitignore": lambda _repository: _GITIGNORE,
    ".gitattributes": lambda _repository: gitattributes.DEFAULT,
}


def offered(repository: Repository, commit: Commit) -> list[str]:
    """The files that there is a template for and that this commit does not have yet."""
    there = trees.find(repository, commit, list(_TEXTS))
    return [path for path in _TEXTS if path not in there]


def text_for(repository: Repository, path: str) -> str:
    """What a file at this path may start from; "" where there is no template."""
    return _TEXTS[path](repository) if path in _TEXTS else ""
