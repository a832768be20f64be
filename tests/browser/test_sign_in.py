"""Passkeys and second factors in the browser, with an authenticator that Chromium plays itself."""

import re
import time
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import LazySettings
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Actor, User
from accounts.services.invitations import invite
from tests import make
from tests.browser.test_every_page import PHONE, barriers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("complaints")]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def member(live_server: LiveServer) -> User:
    return make.user("ada", password=PASSWORD)


@pytest.fixture
def site(live_server: LiveServer) -> str:
    return live_server.url.replace("127.0.0.1", "localhost")  # passkeys belong to names, not to numbers


@pytest.fixture
def authenticator(context: BrowserContext, page: Page) -> Iterator[None]:
    """A phone's: it keeps passkeys, and knows its owner."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield
    devtools.detach()


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/?next=/settings/security")
    page.get_by_label("Login").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def prove(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page, site: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{site}/")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


@pytest.mark.usefixtures("authenticator")
def test_a_passkey_signs_in_without_a_password_and_serves_as_second_factor(page: Page, site: str, member: User) -> None:
    sign_in(page, site)
    page.get_by_role("link", name="Add one").click()
    prove(page)
    page.get_by_label("Name").fill("Phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.get_by_label("Unused codes")).to_have_value(re.compile(r"^(\d{8}\n?){10}$"))
    page.get_by_label("I have saved").check()
    page.goto(f"{site}/settings/security")
    expect(page.get_by_text("Phone", exact=True)).to_be_visible()
    assert Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).wrap().is_passwordless

    sign_out(page, site)
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_label("Account: ada")).to_be_visible()

    sign_out(page, site)
    sign_in(page, site)
    page.get_by_role("button", name="Use a security key").click()
    expect(page).to_have_url(f"{site}/settings/security")


@pytest.mark.usefixtures("authenticator")
def test_a_passkey_that_nobody_knows_is_refused_in_words(page: Page, site: str, member: User) -> None:
    page.goto(f"{site}/accounts/login/")
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work")


def test_an_authenticator_app_is_set_up_and_asked_for(page: Page, site: str, member: User) -> None:
    sign_in(page, site)
    page.get_by_role("link", name="Set it up").click()
    prove(page)
    secret = page.get_by_label("Authenticator secret").input_value()
    expect(page.locator("img.qr")).to_be_visible()
    step = int(time.time()) // 30
    page.get_by_label("Authenticator code").fill(format_hotp_value(hotp_value(secret, step)))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_label("I have saved").check()
    sign_out(page, site)
    sign_in(page, site)
    page.get_by_label("Code").fill(format_hotp_value(hotp_value(secret, step + 1)))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{site}/settings/security")
    expect(page.get_by_text("In use: after your password")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_that_want_a_fresh_proof_hold_no_barrier_and_fit_a_phone(
    page: Page, context: BrowserContext, site: str, member: User, theme: str, settings: LazySettings
) -> None:
    settings.REGISTRATION = "invitation"
    invite(actor=Actor(user=member))
    context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    sign_in(page, site)
    page.get_by_role("link", name="Set it up").click()
    found, wide = [f"reauthenticate: {barrier}" for barrier in barriers(page)], []
    prove(page)
    page.set_viewport_size(PHONE)
    for address in (
        "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/email/", "/accounts/password/change/",
        "/accounts/3rdparty/", "/settings/security", "/settings/account", "/settings/invitations",
    ):  # fmt: skip
        page.goto(site + address)
        assert page.locator("nav.side-nav").is_visible(), address
        found += [f"{address}: {barrier}" for barrier in barriers(page)]
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(address)
    assert not found, "\n".join(found)
    assert not wide
