"""Flask without the work that a service of one model has no use for.

Each part below is one of Flask's own points of extension, and each leaves every other request as Flask has it. Together
they take about 60 us off a request (`make bench-service`).
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Request, Response, request_tearing_down
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers
from werkzeug.routing import MapAdapter, Rule


class NoSessions(SessionInterface):
    """There are no cookies here: one empty session does for all."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """The empty session."""
        return self._none

    def is_null_session(self, obj: object) -> bool:
        """Always: nothing is to be saved."""
        return True


class ShortAnswer(Response):
    """An answer of known length that goes to a POST: the headers are complete when the body is set."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """As they are. Werkzeug looks for redirects and for statuses without a body."""
        return self.headers

    def get_app_iter(self, environ: Any) -> Iterable[bytes]:
        """The body as it is: there is nothing to encode, and nobody waits to be told that it was sent."""
        return self.response  # type: ignore[return-value]


class _Found(MapAdapter):
    """The adapter of a request whose route is known."""

    def __init__(self, adapter: MapAdapter, found: tuple[Rule, dict[str, Any]]) -> None:
        self.__dict__.update(adapter.__dict__)
        self._found = found

    def match(self, *arguments: Any, **named: Any) -> Any:
        """The rule and its values, without a search."""
        return self._found


class LeanFlask(Flask):
    """Flask with remembered routes and no sessions; its hooks cost something only where there are any."""

    session_interface = NoSessions()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._routes: dict[tuple[str, str], _Found] = {}

    def remember(self, method: str, path: str) -> None:
        """From now on this path needs no search. Its route must have been added."""
        adapter = self.url_map.bind("")
        rule, values = adapter.match(path, method, return_rule=True)
        self._routes[method, path] = _Found(adapter, (rule, dict(values)))

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """A remembered route, or Flask's own way."""
        if request is not None:
            found = self._routes.get((request.method, request.environ["PATH_INFO"]))
            if found is not None:
                return found
        return super().create_url_adapter(request)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine."""
        return func

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Nothing, where no hook is registered."""
        if self.before_request_funcs or self.url_value_preprocessors:
            return super().preprocess_request()
        return None

    def process_response(self, response: Response) -> Response:
        """As it is, where no hook is registered: there is no session to save."""
        if self.after_request_funcs or request_ctx._after_request_functions:
            return super().process_response(response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Nothing, where no hook is registered and nobody listens."""
        if self.teardown_request_funcs or request_tearing_down.receivers:
            super().do_teardown_request(exc)
