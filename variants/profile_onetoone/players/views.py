"""The pages. What they do with players is in players.roster, what they ask is in players.forms."""

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render

from players import roster
from players.errors import UsernameTaken
from players.forms import DetailsForm, LeaveForm, RegisterForm

PAGE_SIZE = 50


def home(request):
    return render(request, "players/home.html")


def register(request):
    if request.user.is_authenticated:
        return redirect("home")
    form = RegisterForm(request.POST or None)
    if form.is_valid():
        try:
            user = form.save()
        except UsernameTaken as taken:
            form.add_error("username", str(taken))
        else:
            login(request, user)
            messages.success(request, f"Welcome, {user.username}. You are registered.")
            return redirect("home")
    context = {"title": "Register", "form": form, "submit": "Register"}
    return render(request, "players/form.html", context)


@login_required
def profile(request):
    username = request.user.get_username()
    form = DetailsForm(request.POST or None, initial=roster.find(username))
    if form.is_valid():
        roster.change(username, **form.cleaned_data)
        messages.success(request, "Your details are saved.")
        return redirect("profile")
    return render(request, "players/profile.html", {"title": "Your details", "form": form})


@login_required
def leave(request):
    username = request.user.get_username()
    form = LeaveForm(request.POST or None, user=request.user)
    if form.is_valid():
        roster.remove(username)
        logout(request)
        messages.success(request, f"The account {username} is deleted, with all its details.")
        return redirect("home")
    context = {
        "title": "Delete your account",
        "intro": f"This deletes the account {username} and all its details, for good.",
        "form": form,
        "submit": "Delete my account",
    }
    return render(request, "players/form.html", context)


def players(request):
    """Who plays: usernames only. One row more than a page says whether there is a next page."""
    after = request.GET.get("after", "").replace("\x00", "")
    names = [player["username"] for player in roster.page(after, PAGE_SIZE + 1)]
    context = {"title": "Players", "after": after, "names": names[:PAGE_SIZE]}
    if len(names) > PAGE_SIZE:
        context["next"] = names[PAGE_SIZE - 1]
    return render(request, "players/players.html", context)
