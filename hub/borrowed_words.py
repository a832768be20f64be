"""Sentences of Django, allauth and django-unfold that pages show, named so that the hub's own catalogue says them in its words.

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
# django-unfold has no catalogue; what it shares with Django's administration is in Django's.
ADMINISTRATION = (
    gettext_lazy("After you"),
    gettext_lazy("All applications"),
    gettext_lazy("Apply Filters"),
    gettext_lazy("Click to cancel"),
    gettext_lazy("Collapse"),
    gettext_lazy("Date from"),
    gettext_lazy("Date to"),
    gettext_lazy("Default"),
    gettext_lazy("Expand row"),
    gettext_lazy("False"),
    gettext_lazy("Go back"),
    gettext_lazy("Image preview"),
    gettext_lazy("Loading more results..."),
    gettext_lazy("More actions"),
    gettext_lazy("No data"),
    gettext_lazy("No results found"),
    gettext_lazy("No results matching your query"),
    gettext_lazy("No recent searches"),
    gettext_lazy("Non field specific"),
    gettext_lazy("Object"),
    gettext_lazy("Please correct the error below."),
    gettext_lazy("Recent searches"),
    gettext_lazy("Reset filters"),
    gettext_lazy("Return to site"),
    gettext_lazy("Search apps and models..."),
    gettext_lazy("Select action"),
    gettext_lazy("Select action to run"),
    gettext_lazy("Select all rows"),
    gettext_lazy("Select record"),
    gettext_lazy("Select value"),
    gettext_lazy("System"),
    gettext_lazy("This item will be deleted."),
    gettext_lazy("This page yielded into no results. Create a new item or reset your filters."),
    gettext_lazy("Toggle password visibility"),
    gettext_lazy("True"),
    gettext_lazy("Type to search"),
    gettext_lazy("Update"),
    gettext_lazy("Value"),
    gettext_lazy("Welcome"),
    gettext_lazy("You have been successfully logged out from the administration"),
)
