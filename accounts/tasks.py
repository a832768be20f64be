"""The accounts' durable work: letters."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Invitation
from hub.jobs.registry import job


@job("send_invitation", lease=timedelta(minutes=2), attempts=5, retry_on=(OSError,))
def send_invitation(key: str) -> None:
    """To its address, unless it was answered or taken back meanwhile."""
    rows = Invitation.objects.pending(timezone.now())
    invitation = rows.select_related("organization__namespace", "invited_by").filter(pk=key).first()
    if invitation is None:
        return
    context = {"invitation": invitation, "hub": settings.BASE_URL}
    subject = render_to_string("accounts/email/invitation_subject.txt", context).strip()
    send_mail(subject, render_to_string("accounts/email/invitation.txt", context), None, [invitation.email])
