"""The forms of accounts: logging in, codes, invitations, and the first password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from directory.access import Role
from directory.models import Invitation, User

__all__ = ["AcceptForm", "CodeForm", "InvitationForm", "SignInForm"]


class SignInForm(AdminAuthenticationForm):
    """Name and password. An e-mail address may be written with capitals."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _("Name and password do not belong together, or the account is not in use."),
    }

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"]).strip()
        return name.lower() if "@" in name else name


class CodeForm(forms.Form):
    """A code of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
                "dir": "ltr",
            }
        ),
    )


class AcceptForm(forms.Form):
    """What an invited person says about themselves."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Family name"), max_length=150, required=False)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence that only you know is good."),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, second = data.get("password"), data.get("again")
        if first and second and first != second:
            self.add_error("again", _("The two passwords are not the same."))
        if first:
            person = User(username=self.email, email=self.email, first_name=data.get("first_name", ""))
            try:
                password_validation.validate_password(first, person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


if TYPE_CHECKING:
    InvitationModelForm = forms.ModelForm[Invitation]
else:
    InvitationModelForm = forms.ModelForm


class InvitationForm(InvitationModelForm):
    """Whom to invite as what. It offers only what the person who invites may give (`directory.accounts.invitations`)."""

    class Meta:
        model = Invitation
        fields = ("email", "role", "organisation", "membership", "languages", "regions")
        widgets = {"regions": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, roles: frozenset[str], organisations: Any, regions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Role.choices)
        self.fields["role"].choices = [(role, labels[role]) for role in Role.values if role in roles]  # type: ignore[attr-defined]
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
        self.fields["regions"].queryset = regions  # type: ignore[attr-defined]
        if roles == {Role.PARTNER}:
            del self.fields["languages"], self.fields["regions"]
        if len(roles) == 1:
            self.fields["role"].initial = next(iter(roles))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.filter(email__iexact=email).exists() or User.objects.filter(username__iexact=email).exists():
            raise ValidationError(
                _("This person has an account already. An administrator can give it another role or organisation.")
            )
        if Invitation.objects.filter(email__iexact=email, accepted_at=None, withdrawn_at=None).exists():
            raise ValidationError(_("This address has been invited already. You can send the invitation again below."))
        return email
