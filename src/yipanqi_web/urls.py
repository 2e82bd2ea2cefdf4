"""Every route, each with the policy that guards it (``pages.route`` refuses one without)."""

from yipanqi_web.pages.routes import urlpatterns

__all__ = ["urlpatterns"]
