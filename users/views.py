"""Signing in and out, and the page of one's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from toolkit.htmx import render_part
from toolkit.live import ACCESS, ring
from users.audit_list import AuditForm, audit_page
from users.forms import LoginForm, PasswordForm, ThemeForm
from users.models import User

YEAR_S = 365 * 24 * 3600


class Login(LoginView):
    """Django's login: `next` is followed only on our own host; a blocked try is answered 429."""

    form_class = LoginForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, LoginForm) and form.is_blocked:
            response.status_code = 429
        return response


login = Login.as_view()


class Logout(LogoutView):
    """Django's logout; the person's open pages end with their session."""

    next_page = "users:login"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        ring(ACCESS)
        return response


logout = Logout.as_view()


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Who one is and may do; POST changes the password."""
    assert isinstance(request.user, AbstractBaseUser)
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, request.user)
        ring(ACCESS)
        messages.success(request, "Your password is changed. Other devices are signed out.")
        return redirect("users:account")
    status = 422 if form.errors else 200
    themes = ThemeForm.base_fields["theme"].choices  # type: ignore[attr-defined]
    chosen = request.COOKIES.get("theme", "system")
    return render(request, "users/account.html", {"form": form, "themes": themes, "theme": chosen}, status=status)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep a viewer's theme in a cookie, so that the first byte of the next page wears it."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("The theme is system, light or dark.")
    response = redirect("users:account")
    # The page's script writes the same cookie, so it cannot be HttpOnly; it holds no secret.
    response.set_cookie("theme", form.cleaned_data["theme"], max_age=YEAR_S, samesite="Lax", secure=request.is_secure())
    return response


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """`/audit/`: who did what, for admins."""
    if not isinstance(request.user, User) or request.user.role != User.Role.ADMIN:
        raise PermissionDenied("The audit trail is for admins.")
    form = AuditForm(request.GET)
    return render_part(request, "users/audit.html", {"form": form, "page": audit_page(form)}, part="audit")
