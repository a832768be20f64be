"""Is this README's front matter valid?"""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import HubApiView, json_object
from models_registry.formats import card
from models_registry.hf_api.shapes import identity as shapes


@rate_limits.under(writes="api")
class ValidateYaml(HubApiView):
    """JSON whatever the status: an upload parses the body first. Card classes ask for text/plain, and quote it."""

    @describe(body=shapes.CardText, answer=shapes.CardVerdict, also={400: shapes.CardVerdict})
    def post(self, request: ActorApiRequest) -> HttpResponseBase:
        in_words = request.headers.get("Accept") == "text/plain"
        errors, warnings = _verdict(request, strict=in_words)
        status = 400 if errors else 200
        if in_words:
            lines = [*(f"- Error: {message}" for message in errors), *(f"- Warning: {message}" for message in warnings)]
            return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8", status=status)
        answer = {
            "errors": [{"message": message} for message in errors],
            "warnings": [{"message": message} for message in warnings],
        }
        return Response(answer, status=status)


def _verdict(request: ActorApiRequest, *, strict: bool) -> tuple[list[str], list[str]]:
    try:
        content = json_object(request).get("content")
    except BadRequest as error:
        return [str(error)], []
    if not isinstance(content, str):
        return ["The body needs the card's text as 'content'."], []
    return card.validate(content, strict=strict)
