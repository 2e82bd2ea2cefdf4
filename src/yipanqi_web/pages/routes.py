"""The routes of the pages."""

urlpatterns: list[object] = []
