"""Our own middleware."""

import codecs

from django.core.exceptions import BadRequest


def require_utf8(get_response):
    """Answer 400 to a form in another encoding. Django cannot decode all that a header can name."""

    def middleware(request):
        if request.encoding and codecs.lookup(request.encoding).name != "utf-8":
            raise BadRequest("Send forms in UTF-8.")
        return get_response(request)

    return middleware
