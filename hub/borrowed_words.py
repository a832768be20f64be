"""Sentences of Django and allauth that pages show: named here, so that the hub's own catalogue says them in its words.

A catalogue of the project goes before those of what is installed. Nothing reads the names below: makemessages does.
"""

from django.utils.translation import gettext_lazy, ngettext_lazy, npgettext_lazy

HOW_LONG_AGO = (
    gettext_lazy("now"),
    ngettext_lazy("a second ago", "%(count)s seconds ago", "count"),
    ngettext_lazy("a minute ago", "%(count)s minutes ago", "count"),
    ngettext_lazy("an hour ago", "%(count)s hours ago", "count"),
    gettext_lazy("%(delta)s ago"),
    npgettext_lazy("naturaltime-past", "%(num)d year", "%(num)d years", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d month", "%(num)d months", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d week", "%(num)d weeks", "num"),
    npgettext_lazy("naturaltime-past", "%(num)d day", "%(num)d days", "num"),
)
HOW_LONG_UNTIL = (
    ngettext_lazy("a second from now", "%(count)s seconds from now", "count"),
    ngettext_lazy("a minute from now", "%(count)s minutes from now", "count"),
    ngettext_lazy("an hour from now", "%(count)s hours from now", "count"),
    gettext_lazy("%(delta)s from now"),
    npgettext_lazy("naturaltime-future", "%(num)d year", "%(num)d years", "num"),
    npgettext_lazy("naturaltime-future", "%(num)d month", "%(num)d months", "num"),
    npgettext_lazy("naturaltime-future", "%(num)d week", "%(num)d weeks", "num"),
    npgettext_lazy("naturaltime-future", "%(num)d day", "%(num)d days", "num"),
)
SIGNING_IN = (
    gettext_lazy("If you have not created an account yet, then please %(link)ssign up%(end_link)s first."),
    gettext_lazy("Already have an account? Then please %(link)ssign in%(end_link)s."),
    gettext_lazy("Username or email"),
    gettext_lazy("Sign in with a passkey"),
)
PASSWORDS = (
    gettext_lazy("Your password can’t be too similar to your other personal information."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
    gettext_lazy("Your password can’t be a commonly used password."),
    gettext_lazy("Your password can’t be entirely numeric."),
)
