"""Who works here."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, the bodies they belong to, the three administrators."""

    name = "yipanqi_web.accounts"
    label = "accounts"
