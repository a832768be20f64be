"""Pictures for comments. Whoever knows the address of one may see it, whatever repository it is shown in."""

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect

from accounts.requests import ActorApiRequest
from hub.errors import TooLarge
from hub.wire import rate_limits
from hub.wire.body import body_stream
from hub.wire.describing import BYTES, describe
from hub.wire.views import HubApiView
from models_registry.community.services import pictures


@rate_limits.under(writes="picture")
@rate_limits.under(writes="comment")
class NewPicture(HubApiView):
    """Send a picture: PNG, JPEG, GIF or WebP, at most 10 MiB, told by its bytes. The answer is its address.

    One that no comment holds is removed after a day.
    """

    @describe(body={"image/*": BYTES}, answer={"type": "string", "format": "uri"}, media_type="text/plain")
    def post(self, request: ActorApiRequest) -> HttpResponseBase:
        request.actor.require_writer()  # before a byte of the body is read
        content = body_stream(request).read(pictures.LARGEST + 1)
        if len(content) > pictures.LARGEST:
            raise TooLarge(f"A picture may have {pictures.LARGEST} bytes.")
        made = pictures.take(actor=request.actor, content=content)
        return HttpResponse(request.build_absolute_uri(made.get_absolute_url()), content_type="text/plain")


@rate_limits.under(reads="resolve")
class OnePicture(HubApiView):
    """Where a picture's bytes are for the next hour."""

    @describe(answer=None, status=302)
    def get(self, request: ActorApiRequest, name: str) -> HttpResponseBase:
        headers = {
            "Cache-Control": "private, max-age=1800",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return HttpResponseRedirect(pictures.address_of(name, actor=request.actor), headers=headers)
