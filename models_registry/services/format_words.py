"""What formats/, which know no Django, say about cards, paths and answers, in the reader's language."""

from django.utils.translation import gettext_noop

from hub.kept_sentences import in_words, sentence

__all__ = ["in_words"]

for _form in (
    gettext_noop("%(path)s must be a relative path to a file."),
    gettext_noop("%(path)s is not valid Unicode."),
    gettext_noop("%(path)s is longer than %(most)s bytes."),
    gettext_noop("%(path)s holds a backslash: separate folders by '/'."),
    gettext_noop("%(path)s holds a control or invisible character."),
    gettext_noop("%(path)s has more than %(most)s folders."),
    gettext_noop("%(path)s holds an empty part, '.' or '..'."),
    gettext_noop("%(path)s names git's own folder."),
    gettext_noop("The metadata must be a mapping of names to values."),
    gettext_noop("The metadata is larger than %(most)s KiB."),
    gettext_noop("The metadata is not valid YAML on line %(line)s: %(problem)s."),
    gettext_noop("The metadata is not valid YAML: %(problem)s."),
    gettext_noop("The metadata uses YAML anchors (&, *), which cards may not."),
    gettext_noop("The metadata is nested deeper than %(most)s levels."),
    gettext_noop("The metadata holds more than %(most)s values."),
    gettext_noop("The metadata holds a number that is not finite."),
    gettext_noop("The metadata holds a %(type)s, which JSON cannot express."),
    gettext_noop("The names in the metadata must be text."),
    gettext_noop("The metadata of this card are written in a way that cannot be edited here: change them by hand."),
    gettext_noop("“%(name)s” should be one text of at most %(most)s characters; it is ignored."),
    gettext_noop("“%(name)s” should be a list of at most %(most)s short texts; some are ignored."),
    gettext_noop(
        "empty or missing yaml metadata in repo card: without it, nobody finds the repository by task, library or licence."
    ),
    gettext_noop("The card names no licence (“license”): without one, others may not use the repository."),
    gettext_noop("The licence “%(licence)s” is not in the SPDX list; it is kept as written."),
    gettext_noop('"model-index" must be an array.'),
    gettext_noop('"model-index" must be an array of objects.'),
    gettext_noop("“%(name)s” should name a file such as LICENSE, at the top of the repository; it is ignored."),
    gettext_noop("“%(name)s” should name each question with its type; it is ignored."),
    gettext_noop("“%(name)s” asks more than %(most)s questions; the rest is left out."),
    gettext_noop("“%(name)s”: “%(label)s” has no type that is known; it is left out."),
    gettext_noop("is needed"),
    gettext_noop("must be one of %(options)s"),
    gettext_noop("must be at most %(most)s characters"),
    gettext_noop("must be accepted"),
    gettext_noop("must be a text"),
    gettext_noop("must be a date, such as 2026-01-31"),
    gettext_noop("must be a country's code of two letters, such as DE"),
    gettext_noop("is the code of no country"),
):
    sentence(_form)
