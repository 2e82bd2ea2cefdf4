"""The way in and out, the language, and whether the server lives."""

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from yipanqi_web.pages.frame import language
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import health as queries


class _Login(LoginView):
    template_name = "login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(**kwargs) | {"lang": language()}


login = _Login.as_view()


def leave(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Sign out."""
    logout(request)
    return redirect("login")


def speak(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    known = [code for code, _ in settings.LANGUAGES]
    answer = redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "/")
    if chosen in known:
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax")
    return answer


def alive(request: HttpRequest) -> HttpResponse:
    """Whether the record answers and its guards stand; 503 where not."""
    state = queries.health()
    return JsonResponse(state, status=200 if state["ok"] else 503)
