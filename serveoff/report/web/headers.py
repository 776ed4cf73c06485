"""What every answer tells the browser not to do."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from flask import Response
from werkzeug.utils import redirect

POLICY: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""The page is made of its own files; the icon is an empty data: address."""
HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def protect(response: Response) -> Response:
    """Set the headers that the view has not set itself; a redirect names no host: the request's may be anyone's."""
    if response.location:
        path, *rest = urlsplit(response.location)[2:]
        own = urlunsplit(("", "", f"/{path.lstrip('/')}", *rest))
        response.location, response.data = own, redirect(own).data
    for name, value in {"Content-Security-Policy": policy(), **HEADERS}.items():
        response.headers.setdefault(name, value)
    return response


def policy(styles: str = "", scripts: str = "") -> str:
    """The content security policy; a page with inline style or script is allowed the very text of it and no other."""
    allowed = dict(POLICY)
    for directive, text in (("style-src", styles), ("script-src", scripts)):
        if text:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            allowed[directive] += f" 'sha256-{digest}'"
    return "; ".join(f"{name} {value}" for name, value in allowed.items())
