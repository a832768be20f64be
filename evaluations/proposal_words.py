"""What evaluations.proposals and suite_files, which know no Django, say of a proposed suite, in the reader's language.

What the schema itself finds is told by its library, in English.
"""

from django.utils.translation import gettext_noop

from hub.kept_sentences import in_words, sentence

__all__ = ["in_words"]

for _form in (
    gettext_noop("it is not valid YAML on line %(line)s: %(problem)s"),
    gettext_noop("it is not valid YAML: %(problem)s"),
    gettext_noop("it holds a character that is none"),
    gettext_noop("anchors and aliases are not taken"),
    gettext_noop("it holds too much, or nests too deeply"),
    gettext_noop("data/0/public_rows: only a suite of the tier hidden has rows that are not public"),
    gettext_noop(
        "data/0/public_rows: passages are looked for among all of them, so that no part of the rows has a score"
    ),
    gettext_noop("data/0/public_rows: it must leave %(fewest)s public and as many hidden rows at least"),
    gettext_noop("task: this hub has no way yet to score a proposed suite of the task %(task)s."),
    gettext_noop("engine: a member's suite is run by the native one."),
    gettext_noop("metrics: %(task)s is scored by %(known)s, not by %(metric)s."),
    gettext_noop("metrics: the interval of %(metric)s is bootstrapped; wilson is for accuracy."),
    gettext_noop("metrics: at most %(most)s resamples."),
    gettext_noop("metrics: chance must be a number."),
    gettext_noop("data: at most %(most)s rows."),
    gettext_noop("io/output: at most %(most)s numbers a row."),
    gettext_noop("io/output: its shape is [N, the number of classes], [N, 1] for a number."),
    gettext_noop("io/input: %(task)s reads texts, not %(dtype)s."),
    gettext_noop("io/input: %(task)s reads numbers, not %(dtype)s."),
    gettext_noop("io/input: the dtype of a .npy file is one of %(dtypes)s."),
    gettext_noop("%(place)s: at most %(most)s."),
    gettext_noop("its SHA-256 is %(digest)s, and %(name)s says %(said)s."),
    gettext_noop("it ends in .gz, and is no gzip file."),
    gettext_noop("it is cut off."),
    gettext_noop("it has more than %(most)s MiB, which is the most a suite's file may have."),
    gettext_noop("it holds NaN or infinity."),
    gettext_noop("it has %(count)s lines, and n says %(rows)s."),
    gettext_noop("line %(line)s is no text in JSON's double quotes."),
    gettext_noop("the label of a document is the number of its bytes in UTF-8."),
    gettext_noop("labels go from 0 to %(last)s, as io/output says; these from %(least)s to %(largest)s."),
    gettext_noop("it must be a .npy file of %(dtypes)s with the shape %(shape)s."),
    gettext_noop("it must be a .npy file of %(dtypes)s with the shape %(shape)s; its header is damaged."),
    gettext_noop("it must be a .npy file of %(dtypes)s with the shape %(shape)s; it is cut off, or longer."),
    gettext_noop("it must be a .npy file of %(dtypes)s with the shape %(shape)s; this one is %(found)s."),
):
    sentence(_form)
