"""The pages of the site."""

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from players.forms import DeleteAccountForm, PersonForm, RegisterForm
from players.models import Person

PAGE_SIZE = 50


def home(request):
    return render(request, "players/home.html")


@sensitive_post_parameters("password1", "password2")
def register(request):
    if request.user.is_authenticated:
        return redirect("home")
    if request.method == "POST":
        form = RegisterForm(request.POST)
        person_form = PersonForm(request.POST)
        if form.is_valid() and person_form.is_valid():
            try:
                with transaction.atomic():
                    user = form.save()
                    person_form.instance.user = user
                    person_form.save()
            except IntegrityError:
                # Someone else registered the same username after this form was checked.
                # Check again to show the error. If there is none, something else is wrong.
                form = RegisterForm(request.POST)
                if form.is_valid():
                    raise
            else:
                login(request, user)
                messages.success(request, f"Welcome, {user.username}. You are registered.")
                return redirect("home")
    else:
        form = RegisterForm()
        person_form = PersonForm()
    context = {"form": form, "person_form": person_form}
    return render(request, "players/register.html", context)


@login_required
@transaction.atomic
def profile(request):
    if request.method == "POST":
        person = lock_person(request.user)
        if person is None:
            return account_is_gone(request)
        form = PersonForm(request.POST, instance=person)
        if form.is_valid():
            form.save()
            messages.success(request, "Your profile is saved.")
            return redirect("profile")
    else:
        form = PersonForm(instance=request.user.person_set.last())
    return render(request, "players/profile.html", {"form": form})


def lock_person(user):
    """Return the user's newest profile row, locked until the transaction ends.

    Another edit or a deletion of the account waits until then. Of two edits the later one is kept.
    Return an unsaved row if the user has none yet, or None if the account was deleted.
    """
    people = Person.objects.select_for_update().filter(user=user).order_by("-person_id")
    person = people.first()
    if person is None:
        # Lock the user instead, so that no other request deletes it or creates the row.
        user = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        if user is None:
            return None
        person = people.first() or Person(user=user)
    return person


class PasswordChangeView(auth_views.PasswordChangeView):
    @transaction.atomic
    def form_valid(self, form):
        """Read the user again and lock it. Django saves all its columns, not only the password."""
        form.user = User.objects.select_for_update(no_key=True).filter(pk=form.user.pk).first()
        if form.user is None:
            return account_is_gone(self.request)
        return super().form_valid(form)


@sensitive_post_parameters("password")
@login_required
@transaction.atomic
def delete_account(request):
    if request.method == "POST":
        form = DeleteAccountForm(request.user, request.POST)
        if form.is_valid():
            user = User.objects.select_for_update().filter(pk=request.user.pk).first()
            if user is None:
                return account_is_gone(request)
            user.delete()
            logout(request)
            messages.success(request, f"The account {user.username} and its profile are deleted.")
            return redirect("home")
    else:
        form = DeleteAccountForm(request.user)
    return render(request, "players/delete_account.html", {"form": form})


def account_is_gone(request):
    """Log out a visitor whose account was deleted during the request."""
    logout(request)
    messages.error(request, "Nothing was changed: this account does not exist any more.")
    return redirect("home")


def players(request):
    """List the usernames, a page at a time, starting after the username in the address."""
    after = request.GET.get("after", "").replace("\x00", "")  # PostgreSQL cannot store NUL
    users = User.objects.filter(username__gt=after).order_by("username")
    # Read one name more than the page shows. If there is one, there is a next page.
    names = list(users.values_list("username", flat=True)[: PAGE_SIZE + 1])
    context = {"after": after, "names": names[:PAGE_SIZE], "has_next": len(names) > PAGE_SIZE}
    return render(request, "players/players.html", context)
