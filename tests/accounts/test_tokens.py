import pytest
from django.test import Client
from django.utils import timezone

from accounts.authentication import actor_from_token
from accounts.errors import BadCredentials
from accounts.models import AccessToken, Actor
from accounts.services.tokens import revoke_token
from tests import make


def test_only_a_digest_of_a_token_is_stored() -> None:
    value = make.token(make.user())
    row = make.token_row(value)
    assert value.startswith("hf_")
    assert value not in str(AccessToken.objects.filter(pk=row.pk).values().get())


def test_a_revoked_token_opens_nothing() -> None:
    user = make.user()
    value = make.token(user)
    assert actor_from_token(value).user == user
    revoke_token(actor=Actor(user=user), token=make.token_row(value))
    with pytest.raises(BadCredentials):
        actor_from_token(value)


def test_an_expired_token_opens_nothing() -> None:
    value = make.token(make.user(), expires_at=timezone.now())
    with pytest.raises(BadCredentials):
        actor_from_token(value)


@pytest.mark.parametrize("header", ["Bearer hf_wrong", "Bearer ", "Basic !!!", "Digest x", "Basic aGZfd3Jvbmc="])
def test_a_wrong_credential_is_refused_even_for_public_data(client: Client, header: str) -> None:
    answer = client.get("/health/live", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert "X-Error-Code" not in answer
