"""What formats/, which know no Django, say, in the reader's language. Their forms stand here as they are made there."""

from hub.kept_sentences import in_words, sentence
from models_registry.services.format_words import cards, files, weights

__all__ = ["in_words"]

for _form in (*cards.FORMS, *files.FORMS, *weights.FORMS):
    sentence(_form)
