"""Users, the body each belongs to, and the three administrators. There is no superuser.

What an officer may do follows from the profile's decision rights for the body, at the body's place; what an
administrator may do is fixed: system (users, bodies, backups), security (roles, lock-outs), audit (the trail). No one
account is two of them, and none of them is an officer.
"""

from enum import StrEnum

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class AdminRole(StrEnum):
    """The three administrators (三员)."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


class UserManager(BaseUserManager["User"]):
    """Makes users; how they are found is Django's."""

    def create_user(self, username: str, password: str, **fields: object) -> "User":
        """A user with a password that has passed the rules."""
        from django.contrib.auth.password_validation import validate_password

        user = self.model(username=username, **fields)
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user


class User(AbstractBaseUser):
    """Somebody with an account: an officer of a body, or one of the three administrators."""

    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    admin_role = models.CharField(max_length=20, blank=True, choices=[(role.value, role.value) for role in AdminRole])
    #: The language of the pages; empty: the installation's.
    language = models.CharField(max_length=10, blank=True)
    #: Made by the demo, its password printed on a terminal: production does not start beside such an account.
    demo = models.BooleanField(default=False, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "username"

    class Meta:
        db_table = "account_user"


class Membership(models.Model):
    """The body a user works for: the profile's id of it, and its place where one stands in every town or area."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    district_code = models.CharField(max_length=12)
    body = models.CharField(max_length=64)
    #: A town id for a town or park, a centre's name for a promotion centre; empty: the whole district.
    place = models.CharField(max_length=64, blank=True)
    post = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "account_membership"
        indexes = (models.Index(fields=["district_code", "body", "place"], name="membership_body"),)
