"""Registration"""

from asgiref.sync import async_to_sync
from django import forms
from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from players import roster

from suite import article
from suite.article import (
    REFUSED,
    TYPED,
    a_refused_discord_id,
    article_signal,
    left_of,
    rows_with_extras,
)
from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, code, compare, docs
from suite.outcomes import heard, outcome, rows, saw
from suite.sessions import at_the_same_moment, said
from suite.variant import PASSWORD, VARIANT, PlayerModel, User, enrolled, path


def extra_stored(name, username="bob"):
    """Return the value of this extra field in the database."""
    return saw(User.objects.values_list(path(name), flat=True).get(username=username))


def in_two_steps(username, **extras):
    """Store the user, then the extra fields, without a transaction: the obvious code."""
    if PlayerModel.__name__ != "Person":
        return User.objects.create_user(username, password=PASSWORD, **extras)
    user = User.objects.create_user(username, password=PASSWORD)
    person = user.person if hasattr(User, "person") else PlayerModel(user=user)
    for name, value in extras.items():
        setattr(person, name, value)
    return person.save()


def ids_given_out():
    """Return how many ids the database's sequences have given out."""
    return int(rows("SELECT sum(last_value) FROM pg_sequences")[0][0])


def transactions(action):
    """Return the transaction statements that the action sends to PostgreSQL, in order."""
    with CaptureQueriesContext(connection) as captured:
        action()
    words = [query["sql"].split('"')[0].strip() for query in captured]
    about = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")
    return saw([word for word in words if word in about])


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    algorithm = "counting"
    times = 0

    def encode(self, password, salt):
        CountingHasher.times += 1
        return super().encode(password, salt)


def hashes(settings, client, url):
    """Return how many times a registration at this URL hashes the password."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    settings.ROOT_URLCONF = "suite.article"
    CountingHasher.times = 0
    assert client.post(url, TYPED).status_code == 302
    return saw(CountingHasher.times)


@compare(
    proxy_model=[
        *("SELECT auth_user", "SELECT auth_user", "INSERT auth_user"),
        *("SELECT django_session", "INSERT django_session"),
        *("UPDATE auth_user", "UPDATE django_session"),
    ],
    profile_onetoone=[
        *("SELECT auth_user", "SELECT auth_user"),
        *("INSERT auth_user", "INSERT person", "UPDATE person"),
        *("SELECT django_session", "INSERT django_session"),
        *("UPDATE auth_user", "UPDATE django_session"),
    ],
    custom_user=[
        *("SELECT players_user", "SELECT players_user"),
        *("SELECT players_user", "INSERT players_user"),
        *("SELECT django_session", "INSERT django_session"),
        *("UPDATE players_user", "UPDATE django_session"),
    ],
    foreignkey=[
        *("SELECT auth_user", "SELECT auth_user", "INSERT auth_user", "INSERT person"),
        *("SELECT django_session", "INSERT django_session"),
        *("UPDATE auth_user", "UPDATE django_session"),
    ],
    so_what=(
        "Expect an INSERT for a profile, plus an UPDATE if a signal receiver creates the row. A "
        "UniqueConstraint on a custom user costs the form one SELECT."
    ),
    source=docs("Using the Django authentication system", "How to log a user in"),
    fits=at_most(8),
    costs=at_least(9),
    top=True,
)
def test_statements_of_a_registration(client, statements):
    """Sessions are kept in the database. Which statements does one registration on the page
    /register/ run?"""
    statements.clear()
    assert client.post("/register/", TYPED).status_code == 302
    return statements.verbs()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[
        *("SELECT auth_user", "SELECT auth_user"),
        *("INSERT auth_user", "INSERT person", "UPDATE person"),
        *("SELECT auth_user", "SELECT person", "UPDATE auth_user", "UPDATE person"),
        *("SELECT auth_user", "SELECT django_session", "INSERT django_session"),
        *("UPDATE auth_user", "SELECT person", "UPDATE person", "UPDATE django_session"),
    ],
    custom_user=[
        *("SELECT players_user", "SELECT players_user"),
        *("SELECT players_user", "INSERT players_user"),
        *("SELECT players_user", "SELECT django_session", "INSERT django_session"),
        *("UPDATE players_user", "UPDATE django_session"),
    ],
    foreignkey=[
        *("SELECT auth_user", "SELECT auth_user", "INSERT auth_user", "INSERT person"),
        *("SELECT auth_user", "SELECT django_session", "INSERT django_session"),
        *("UPDATE auth_user", "UPDATE django_session"),
    ],
    so_what=(
        "Do not save the profile at each save of the user: each login then runs more statements "
        "too. authenticate() after a registration costs one more SELECT."
    ),
    costs=at_least(10),
)
def test_statements_of_the_articles_registration(client, settings, statements):
    """A receiver saves user.person at each save of the user. A view calls form.save(),
    refresh_from_db(), authenticate() and login(). Which statements does one registration run?"""
    settings.ROOT_URLCONF = "suite.article"
    with article_signal():
        statements.clear()
        assert client.post("/article/", TYPED).status_code == 302
    return statements.verbs()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[
        *("INSERT auth_user", "INSERT person", "UPDATE person"),
        *("SELECT auth_user", "SELECT person", "UPDATE auth_user", "UPDATE person"),
    ],
    custom_user=["INSERT players_user"],
    foreignkey=["INSERT auth_user", "INSERT person"],
    so_what=(
        "Let a receiver only create the OneToOne profile: three statements store user and "
        "profile. Saving user.person at each save, with refresh_from_db(), takes seven."
    ),
    costs=at_least(4),
)
def test_statements_to_save_the_articles_form(statements):
    """A receiver saves user.person at each save of the user, and the view calls refresh_from_db().
    Which statements store a valid registration form?"""
    form = article.typed()
    assert form.is_valid()
    with article_signal():
        statements.clear()
        article.save(form)
    return statements.verbs()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["INSERT auth_user", "INSERT person", "UPDATE person"],
    custom_user=["INSERT players_user"],
    foreignkey=["INSERT auth_user", "INSERT person"],
    so_what=(
        "If a receiver creates the profile row, filling that row costs an UPDATE. If the view "
        "creates the row instead, one INSERT stores all its fields."
    ),
    source=docs("Signals", "post_save"),
    fits=at_most(2),
    costs=at_least(3),
)
def test_statements_with_a_create_only_signal(statements):
    """For a OneToOne profile, a receiver creates an empty row, and the view fills it. Which
    statements store the user and the extra fields?"""
    form = article.typed()
    assert form.is_valid()
    with article_signal(article.create_person):
        statements.clear()
        if VARIANT == "profile_onetoone":
            person = form.save().person
            person.birthdate = form.cleaned_data["birthdate"]
            person.save()
        else:
            article.save(form)
    return statements.verbs()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "In a receiver, Person.objects.create(user=instance) for a OneToOne profile also sets "
        "instance.person. After form.save(), you need no refresh_from_db() to reach the profile."
    ),
    source=docs("Model instance reference", "Refreshing objects from database"),
)
def test_refresh_is_needed_before_the_extras():
    """A receiver creates the profile. Is user.refresh_from_db() needed after form.save(), before
    you set the extra fields?"""
    form = article.typed()
    assert form.is_valid()
    with article.receiving(article.create_person):
        user = form.save()
    extras = extras_made_for(user)
    extras.discord_id = "set without a refresh"
    extras.save()
    return extra_stored("discord_id") != "set without a refresh"


def extras_made_for(user):
    """Return the object that holds the user's extra fields, without reading the user again."""
    if hasattr(User, "person_set"):
        return user.person_set.get()
    return user.person if hasattr(User, "person") else user


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["auth_user", "person"],
    custom_user=[],
    foreignkey=["auth_user"],
    so_what=(
        "Store user and profile in one transaction.atomic(). Otherwise the account stays, without "
        "its extra fields, if PostgreSQL rejects the profile's values."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_left_when_the_articles_extras_are_refused(transactional_db, client, settings):
    """A view stores user and profile without a transaction. Which tables keep a row of the user if
    PostgreSQL rejects an extra field?"""
    settings.ROOT_URLCONF = "suite.article"
    client.raise_request_exception = False
    with a_refused_discord_id(), article_signal():
        assert client.post("/article/", {**TYPED, "discord_id": REFUSED}).status_code == 500
    return left_of("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="A user with that username already exists.",
    custom_user="registered",
    foreignkey="A user with that username already exists.",
    so_what=(
        "Store user and profile in one transaction.atomic(). Otherwise the account stays after a "
        "rejected profile, and the visitor's second try fails because the username is taken."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
    fits=["registered"],
    fails=ANYTHING_ELSE,
    top=True,
)
def test_second_try_after_refused_extras(transactional_db, client, settings):
    """A view stores user and profile without a transaction, and PostgreSQL rejects an extra field.
    What does a second try with good data show?"""
    settings.ROOT_URLCONF = "suite.article"
    client.raise_request_exception = False
    with a_refused_discord_id(), article_signal():
        client.post("/article/", {**TYPED, "discord_id": REFUSED})
        again = client.post("/article/", TYPED)
    return "registered" if again.status_code == 302 else again.json()["username"][0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what=(
        "With ATOMIC_REQUESTS = True, Django rolls back a view's writes if it raises an "
        "exception. To avoid a transaction around each view, put transaction.atomic() around the "
        "writes."
    ),
    source=docs("Database transactions", "Tying transactions to HTTP requests"),
)
def test_left_with_atomic_requests(transactional_db, client, settings):
    """ATOMIC_REQUESTS is on, and PostgreSQL rejects an extra field during a registration. Which
    tables keep a row of the user?"""
    settings.ROOT_URLCONF = "suite.article"
    client.raise_request_exception = False
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        with a_refused_discord_id(), article_signal():
            assert client.post("/article/", {**TYPED, "discord_id": REFUSED}).status_code == 500
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    return left_of("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what=(
        "Store the user and the profile row in one transaction.atomic(). Then two tables are as "
        "safe as one."
    ),
    source=docs("Database transactions", "Controlling transactions explicitly"),
)
def test_left_when_the_roster_is_refused_extras(transactional_db):
    """One transaction.atomic() stores user and extra fields. Which tables keep a row of the user if
    PostgreSQL rejects an extra field?"""
    with a_refused_discord_id():
        said(lambda: roster.register("bob", PASSWORD, discord_id=REFUSED))
    return left_of("bob")


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "In autocommit, Django commits the INSERT before it sends post_save. If a receiver "
        "creates the profile row, put transaction.atomic() around create_user()."
    ),
    source=docs("Signals", "post_save"),
)
def test_user_stays_when_a_receiver_raises(transactional_db):
    """create_user() runs in autocommit, and a post_save receiver raises an exception. Is the user
    stored?"""

    def receiver(**kwargs):
        raise RuntimeError("The mail server is down.")

    post_save.connect(receiver)
    try:
        said(lambda: User.objects.create_user("bob"))
    finally:
        post_save.disconnect(receiver)
    return User.objects.filter(username="bob").exists()


@compare(
    proxy_model=[],
    profile_onetoone=["BEGIN", "COMMIT"],
    custom_user=[],
    foreignkey=["BEGIN", "COMMIT"],
    so_what=(
        "PostgreSQL stores one row as a whole, so one INSERT needs no transaction.atomic(). Two "
        "rows need it, which costs two more round trips."
    ),
    source=docs("Database transactions", "Controlling transactions explicitly"),
    fits=[[]],
    costs=ANYTHING_ELSE,
)
def test_transaction_statements_of_a_registration(transactional_db):
    """A function registers a user. If there is a profile, one transaction.atomic() stores both
    rows. Which transaction statements run?"""
    return transactions(lambda: roster.register("bob", PASSWORD))


@compare(
    proxy_model=["BEGIN", "COMMIT"],
    profile_onetoone=["BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT"],
    custom_user=["BEGIN", "COMMIT"],
    foreignkey=["BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT"],
    so_what=(
        "An inner transaction.atomic() creates a savepoint, which costs two round trips. Use "
        "transaction.atomic(savepoint=False) if an error inside may roll back the outer block "
        "too."
    ),
    source=docs("Database transactions", "Controlling transactions explicitly"),
    fits=at_most(2),
    costs=at_least(3),
)
def test_transaction_statements_within_another(transactional_db):
    """Code calls a registration function inside transaction.atomic(). If there is a profile, the
    function uses transaction.atomic() itself. Which transaction statements run?"""
    return transactions(lambda: transaction.atomic(roster.register)("bob", PASSWORD))


@compare(
    proxy_model="never",
    profile_onetoone="never",
    custom_user="POST",
    foreignkey="never",
    mark="surprising",
    so_what=(
        "With a custom user model, subclass UserCreationForm with your model in Meta, and test "
        "that it saves. The unchanged form uses auth.User and fails at POST."
    ),
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
    fits=["never"],
    costs=ANYTHING_ELSE,
    top=True,
)
def test_step_where_plain_usercreationform_fails():
    """You use Django's UserCreationForm unchanged. At which request, if any, does it fail: GET or
    POST?"""
    try:
        assert "username" in str(UserCreationForm())
    except AttributeError as error:
        saw(error)
        return "GET"
    saved = said(lambda: UserCreationForm(TYPED).save())
    return "POST" if isinstance(saved, AttributeError) else "never"


@compare(
    proxy_model=["auth_user"],
    profile_onetoone=["auth_user", "person"],
    custom_user=[],
    foreignkey=["auth_user"],
    so_what=(
        "UserCreationForm creates no profile row by itself; a signal receiver can. With a custom "
        "user model, the unchanged form raises an error and stores nothing."
    ),
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
    fits=[["auth_user", "person"]],
    fails=[[]],
)
def test_tables_that_plain_usercreationform_fills():
    """Django's unchanged UserCreationForm registers a user. Which tables get a row?"""
    said(lambda: UserCreationForm(TYPED).save())
    return left_of("bob")


@compare(
    proxy_model="FieldError",
    profile_onetoone="FieldError",
    custom_user="accepted",
    foreignkey="FieldError",
    so_what=(
        "Name fields of the form's own model in Meta.fields. For a profile's fields, use a second "
        "form, or declare form fields and store their values yourself."
    ),
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_usercreationform_with_an_extra_in_meta_fields():
    """What happens if Meta.fields of a UserCreationForm subclass names the birthdate?"""

    def form():
        class WithBirthdate(UserCreationForm):
            class Meta(UserCreationForm.Meta):
                model = User
                fields = ["username", "birthdate"]

        WithBirthdate(TYPED).save()

    return outcome(form)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "save() of a ModelForm ignores a declared field that Meta.fields leaves out. Name a "
        "custom user's fields in Meta.fields, and store a profile's fields yourself."
    ),
    source=docs("Creating forms from models", "Selecting the fields to use"),
)
def test_extra_declared_on_the_form_only_is_stored():
    """A subclass of UserCreationForm declares a birthdate field, but its Meta.fields leaves it out.
    Does form.save() store the birthdate?"""

    class WithField(UserCreationForm):
        birthdate = forms.DateField()

        class Meta(UserCreationForm.Meta):
            model = User

    WithField(TYPED).save()
    return saw(roster.find("bob")).get("birthdate") is not None


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[0, 1],
    custom_user=[0, 1],
    foreignkey=[0, 0],
    so_what=(
        "After form.save(commit=False), call user.save() before you set a profile's fields. Until "
        "the user is saved, no receiver has run and no profile row exists."
    ),
    source=docs("Creating forms from models", "The save() method"),
)
def test_rows_with_extras_after_commit_false():
    """In profile_onetoone, a receiver creates the profile row. How many rows with extra fields
    exist after form.save(commit=False), and after user.save()?"""

    class Form(UserCreationForm):
        class Meta(UserCreationForm.Meta):
            model = User

    user = Form(TYPED).save(commit=False)
    before = rows_with_extras("bob")
    user.save()
    return [before, rows_with_extras("bob")]


@compare(
    proxy_model="TypeError",
    profile_onetoone="ValueError",
    custom_user="accepted",
    foreignkey="ValueError",
    so_what=(
        "Save the user before the profile, because a profile row needs the user's id. A custom "
        "user stores account and extra fields in one save()."
    ),
    source=docs("One-to-one relationships"),
    fits=["accepted"],
    costs=["ValueError"],
)
def test_extras_before_the_user():
    """What happens if you save the extra fields while the user is not saved yet?"""
    bob = (
        {"user": User(username="bob")} if PlayerModel.__name__ == "Person" else {"username": "bob"}
    )
    return outcome(lambda: PlayerModel(birthdate="2010-05-04", **bob).save())


@compare(
    proxy_model="TypeError",
    profile_onetoone="TypeError",
    custom_user="accepted",
    foreignkey="TypeError",
    so_what="create_user() accepts fields of the user model. A profile row needs a second step.",
    source=docs("django.contrib.auth", "Manager methods") + ", create_user()",
    fits=["accepted"],
    costs=ANYTHING_ELSE,
)
def test_create_user_with_an_extra():
    """What happens if you pass the birthdate to create_user()?"""
    return outcome(lambda: User.objects.create_user("bob", birthdate="2010-05-04"))


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Connect your receivers to a proxy too. Django compares the sender with the saved "
        "object's class, so receivers with sender=User miss users saved as a proxy."
    ),
    source="Django ticket #9318",
    fits=[True],
    costs=[False],
)
def test_receiver_for_user_hears_of_a_registration():
    """A user registers, in proxy_model through Player.objects.create_user(). Does Django call a
    post_save receiver with sender=get_user_model()?"""
    with heard(post_save, sender=User) as senders:
        enrolled("bob")
    return bool(senders)


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "Use sender=settings.AUTH_USER_MODEL to connect a receiver without importing the user "
        "model. Connect the receiver to a proxy too if Player.objects.create_user() creates "
        "users."
    ),
    source=docs("Customizing authentication in Django", "Referencing the User model"),
)
def test_receiver_connected_by_the_setting(settings):
    """Does User.objects.create_user() call a post_save receiver with
    sender=settings.AUTH_USER_MODEL?"""
    with heard(post_save, sender=settings.AUTH_USER_MODEL) as senders:
        User.objects.create_user("bob")
    return bool(senders)


@compare(
    proxy_model=["UPDATE auth_user"],
    profile_onetoone=["UPDATE auth_user", "SELECT person", "UPDATE person"],
    custom_user=["UPDATE players_user"],
    foreignkey=["UPDATE auth_user"],
    so_what=(
        "A post_save receiver that creates profiles should return early unless created is True. "
        "Each login saves last_login, so post_save is sent at each login."
    ),
    source=code("django.contrib.auth.models.update_last_login"),
    fits=at_most(1),
    costs=at_least(2),
)
def test_statements_of_login_after_the_articles_registration(rf, statements):
    """A receiver saves user.person at each save of the user. Which statements does login() run on
    the tables of users and profiles?"""
    enrolled("bob")
    request = rf.post("/")
    request.session = SessionStore()
    with article_signal():
        user = User.objects.get(username="bob")
        statements.clear()
        login(request, user, "django.contrib.auth.backends.ModelBackend")
    return statements.verbs()


@compare(
    proxy_model=["auth_user_username_key", "unique_username_ignoring_case"],
    profile_onetoone=["auth_user_username_key", "unique_username_ignoring_case"],
    custom_user=["players_user_username_key", "unique_username_ignoring_case"],
    foreignkey=["auth_user_username_key", "unique_username_ignoring_case"],
    so_what=(
        "Add a unique index on UPPER(username) to reject usernames that differ only in case. "
        "Django's own unique constraint on the username is case-sensitive."
    ),
    source="PostgreSQL 18 docs, 11.7. Indexes on Expressions",
)
def test_constraints_against_a_taken_username(alice):
    """User alice exists. Which database constraints reject the new usernames "alice" and
    "ALICE"?"""

    def refused_by(username):
        with transaction.atomic():
            return User.objects.create(username=username)

    errors = [said(lambda name=name: refused_by(name)) for name in ("alice", "ALICE")]
    return [error.__cause__.diag.constraint_name for error in errors]


TAKEN = "A user with that username already exists."


@compare(
    proxy_model=TAKEN,
    profile_onetoone=TAKEN,
    custom_user=TAKEN,
    foreignkey=TAKEN,
    so_what=(
        "Put form.save() into transaction.atomic(), catch IntegrityError around it, and validate "
        "the form again. The second visitor then sees an error on the field, not an error page."
    ),
    source="PostgreSQL 18 docs, Index Uniqueness Checks",
)
def test_race_for_a_username(transactional_db):
    """Two visitors register the same username at once, and the view catches IntegrityError. What
    does the page show to the second visitor?"""
    race = at_the_same_moment(*[lambda: Client().post("/register/", TYPED)] * 2)
    assert race.first.status_code == 302
    (error,) = race.second.context["form"].errors["username"]
    return saw(error)


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    so_what=(
        "Catch IntegrityError when you save a UserCreationForm. The form checks the username "
        "before the INSERT, so of two visitors at once, the second can get an error page."
    ),
    source=code("django.contrib.auth.forms.UserCreationForm.clean_username"),
)
def test_race_for_a_username_in_djangos_form(transactional_db):
    """Two visitors send a valid UserCreationForm with the same username at once. What does save()
    raise for the second visitor?"""

    def register():
        form = article.typed()
        assert form.is_valid()
        return form.save()

    return type(at_the_same_moment(register, register).second).__name__


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "Do not rely on ids without gaps. A rejected INSERT uses up an id, because a rollback "
        "does not give back a sequence number."
    ),
    source="PostgreSQL 18 docs, 9.17. Sequence Manipulation Functions",
)
def test_ids_burnt_by_a_taken_username(alice):
    """Code inserts a user with a taken username. How many ids does PostgreSQL use up?"""
    before = ids_given_out()
    assert outcome(lambda: roster.register("alice", PASSWORD)) == "IntegrityError"
    return ids_given_out() - before


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    so_what=(
        "UserCreationForm looks up the username before any INSERT. A refused form uses up no id, "
        "but each registration pays for this query."
    ),
    source="PostgreSQL 18 docs, 9.17. Sequence Manipulation Functions",
)
def test_ids_burnt_in_djangos_form(alice):
    """Django's UserCreationForm refuses a taken username. How many ids does PostgreSQL use up?"""
    before = ids_given_out()
    assert not article.typed(username="alice").is_valid()
    return ids_given_out() - before


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "By default, UserAttributeSimilarityValidator checks username, first name, last name and "
        "e-mail. For a custom user's extra fields, set user_attributes. For a profile's, write a "
        "validator."
    ),
    source=(
        docs("Password management in Django", "Included validators")
        + ", UserAttributeSimilarityValidator"
    ),
)
def test_password_equal_to_the_discord_id():
    """What does UserAttributeSimilarityValidator do with a password that equals the user's Discord
    ID?"""
    roster.register("bob", PASSWORD, discord_id="dragonfly77")
    bob = User.objects.get(username="bob")
    return outcome(lambda: UserAttributeSimilarityValidator().validate("dragonfly77", bob))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="ValidationError",
    foreignkey="accepted",
    mark="surprising",
    so_what=(
        "For fields of a profile, write your own password validator. The option user_attributes "
        "of UserAttributeSimilarityValidator reads attributes of the user object and skips "
        "missing ones."
    ),
    source=(
        docs("Password management in Django", "Included validators")
        + ", UserAttributeSimilarityValidator"
    ),
    fits=["ValidationError"],
    costs=["accepted"],
)
def test_password_equal_to_a_named_attribute():
    """user_attributes of UserAttributeSimilarityValidator names discord_id. What does the validator
    do with a password that equals the Discord ID?"""
    roster.register("bob", PASSWORD, discord_id="dragonfly77")
    bob = User.objects.get(username="bob")
    strict = UserAttributeSimilarityValidator(user_attributes=["username", "discord_id"])
    return outcome(lambda: strict.validate("dragonfly77", bob))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="known",
    so_what=(
        "Use create_user() or set_password(). objects.create() stores the password as typed, so "
        "it is readable in the database, and the user cannot log in."
    ),
    source=docs("Using the Django authentication system", "Changing passwords"),
)
def test_password_in_clear_with_objects_create():
    """Does objects.create(username=..., password=...) store the password as typed?"""
    user = (User if PlayerModel.__name__ == "Person" else PlayerModel).objects.create(
        username="bob", password=PASSWORD
    )
    user.refresh_from_db()
    return user.password == PASSWORD


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=0,
    so_what=(
        "acreate_user() sends post_save too, so a receiver creates the profile row. Without a "
        "receiver, create the row yourself."
    ),
    source=docs("django.contrib.auth", "Manager methods") + ", acreate_user()",
    fits=at_least(1),
    costs=[0],
)
def test_rows_with_extras_after_acreate_user():
    """How many rows hold the extra fields of a user created by acreate_user()?"""
    async_to_sync(User.objects.acreate_user)("bob", password=PASSWORD)
    return rows_with_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["auth_user", "person"],
    custom_user=[],
    foreignkey=["auth_user"],
    so_what=(
        "Put create_user() and storing the profile into one transaction.atomic(), or validate "
        "first. Otherwise an impossible birthdate in the second step leaves an incomplete "
        "account."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_left_by_an_impossible_birthdate(transactional_db):
    """In autocommit, code registers a user and stores the impossible birthdate "2010-02-30", with a
    profile in a second step. Which tables keep a row of the user?"""
    error = said(lambda: in_two_steps("bob", birthdate="2010-02-30"))
    if isinstance(error, TypeError):
        raise error
    return left_of("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="empty string",
    custom_user="empty string",
    foreignkey="empty string",
    mark="surprising",
    so_what=(
        "A ModelForm stores a blank TextField as an empty string, even with null=True. With "
        "unique=True, two blanks collide, so set empty_value=None on the form field."
    ),
    source=docs("Model field reference", "null"),
)
def test_blank_discord_id_in_a_modelform():
    """The model field is TextField(blank=True, null=True). What does a ModelForm store for a blank
    Discord ID?"""
    extras = extras_made_for(enrolled("bob", discord_id="100000000000000002"))
    form = forms.modelform_factory(type(extras), fields=["discord_id"])
    form({"discord_id": ""}, instance=extras).save()
    return "empty string" if extra_stored("discord_id") == "" else "NULL"


@compare(
    proxy_model=CANNOT,
    profile_onetoone="NULL",
    custom_user="NULL",
    foreignkey="NULL",
    so_what=(
        "Set empty_value=None on the form field of a unique text field. A blank value is then "
        "stored as NULL, and by default two NULLs do not collide."
    ),
    source=docs("Form fields", "CharField") + ", empty_value",
)
def test_blank_discord_id_in_our_form(client):
    """The form field for the Discord ID has empty_value=None. What does the form store for a blank
    Discord ID?"""
    client.post("/register/", {**TYPED, "discord_id": ""})
    return "empty string" if extra_stored("discord_id") == "" else "NULL"


@compare(
    proxy_model="players.models.Player",
    profile_onetoone="django.contrib.auth.models.User",
    custom_user="players.models.User",
    foreignkey="django.contrib.auth.models.User",
    mark="known",
    so_what=(
        "To get a proxy as request.user, write an authentication backend whose get_user() returns "
        "the proxy. Django's ModelBackend returns the user model."
    ),
    source=docs("Customizing authentication in Django", "Writing an authentication backend"),
)
def test_class_of_request_user_after_registering(client):
    """Which class does request.user have on the page after registration?"""
    client.post("/register/", TYPED)
    found = client.get("/").wsgi_request.user.__class__
    return f"{found.__module__}.{found.__name__}"


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "Hashing is slow on purpose, so hash once: call login() with the saved user, without "
        "authenticate(). If you have several authentication backends, pass backend to login()."
    ),
    source=docs("Password management in Django", "How Django stores passwords"),
)
def test_hashes_of_a_registration(client, settings):
    """A registration view calls login() without authenticate(). How many times does it hash the
    password?"""
    return hashes(settings, client, "/register/")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    so_what=(
        "Do not call authenticate() after form.save(): it hashes the password again. Call login() "
        "with the saved user, and pass backend if you have several authentication backends."
    ),
    source=docs("Password management in Django", "How Django stores passwords"),
)
def test_hashes_of_the_articles_registration(client, settings):
    """A view calls authenticate() after it saves the new user. How many times does it hash the
    password?"""
    with article_signal():
        return hashes(settings, client, "/article/")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Send the mail in transaction.on_commit(), and store user and profile in one transaction. "
        "Django sends the user's post_save before a separate profile row is stored."
    ),
    source=docs("Database transactions", "Performing actions after commit"),
    fits=[False],
    costs=[True],
)
def test_mail_for_a_refused_registration(transactional_db):
    """A post_save receiver of the user sends the welcome mail. Is the mail sent if PostgreSQL
    rejects an extra field?"""
    with a_refused_discord_id(), heard(post_save, sender=User) as senders:
        said(lambda: roster.register("bob", PASSWORD, discord_id=REFUSED))
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "save() runs no validators. To protect data that bypasses your forms, add a database "
        "constraint, such as a CHECK."
    ),
    source=docs("Validators", "How validators are run"),
)
def test_birthdate_in_the_future_through_the_roster():
    """Code without a form stores a birthdate in the year 2999. Does the database accept it?"""
    roster.register("bob", PASSWORD, birthdate="2999-01-01")
    return extra_stored("birthdate").year == 2999


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what=(
        "create_user() runs no validators. Call full_clean() before you store names that no "
        "form has checked."
    ),
    source=docs("Validators", "How validators are run"),
)
def test_create_user_takes_a_name_that_forms_refuse():
    """Does create_user() accept the username "no spaces!", which Django's forms refuse?"""
    return User.objects.create_user("no spaces!").pk is not None


RECEIVER = """
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.dispatch import receiver

@receiver(post_save, sender=get_user_model())
def hear(sender, **kwargs):
    print("A receiver heard of the user.")
"""


def times_heard(project, imports):
    """Return how often the receiver in players/signals.py hears of one new user."""
    project.add("players/signals.py", RECEIVER)
    create = "from django.contrib.auth import get_user_model as model\n"
    create += "model().objects.create_user('bob')"
    ran = project.manage("shell", "-c", f"{imports}\n{create}")
    assert ran.code == 0, ran.printed
    return ran.printed.count("A receiver heard")


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    mark="useful",
    so_what=(
        "Import signals.py in AppConfig.ready(). If nothing imports the module, its receivers are "
        "not connected: no profile is created, and no error is raised."
    ),
    source=code("django.dispatch.dispatcher.receiver"),
)
def test_receiver_in_a_module_that_nothing_imports(project):
    """A receiver is in players/signals.py, which nothing imports. How many times does create_user()
    call it?"""
    return times_heard(project, "")


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    mark="surprising",
    so_what=(
        "Import a receiver's module under one name, or set dispatch_uid. Python loads a module "
        "once for each name, and the receiver then runs twice for each saved user."
    ),
    source=code("django.dispatch.dispatcher.Signal.connect"),
)
def test_receiver_in_a_module_imported_under_two_names(project):
    """A receiver's module is imported as players.signals and as signals. How many times does
    create_user() call the receiver?"""
    twice = "import sys; sys.path.insert(0, 'players'); import players.signals, signals"
    return times_heard(project, twice)


@compare(
    proxy_model="accepted",
    profile_onetoone="TypeError",
    custom_user="TypeError",
    foreignkey="accepted",
    so_what=(
        "Define save(self, *args, **kwargs), and pass these arguments to super().save(). Managers "
        "call save() with arguments, such as using in create_user()."
    ),
    source=docs("Models", "Overriding predefined model methods"),
)
def test_save_overridden_without_arguments(project):
    """The variant's own model (Player, Person or User) overrides save(self) without further
    arguments. What does User.objects.create_user() do?"""
    project.declare("def save(self):\n        super().save()")
    create = "from django.contrib.auth import get_user_model as model\n"
    return project.manage("shell", "-c", create + "model().objects.create_user('bob')").outcome


@compare(
    proxy_model="Alice@example.org",
    profile_onetoone="Alice@example.org",
    custom_user="Alice@example.org",
    foreignkey="Alice@example.org",
    mark="surprising",
    so_what=(
        "create_user() lower-cases only an e-mail's domain. For a login by e-mail, look up with "
        "__iexact, require an e-mail, and put a unique index on UPPER(email)."
    ),
    source=code("django.contrib.auth.base_user.BaseUserManager.normalize_email"),
)
def test_email_that_create_user_stores():
    """create_user() gets the e-mail Alice@EXAMPLE.org. Which address does it store?"""
    User.objects.create_user("alice", "Alice@EXAMPLE.org")
    return User.objects.get(username="alice").email


@compare(
    proxy_model=4,
    profile_onetoone=4,
    custom_user=4,
    foreignkey=4,
    so_what=(
        "Expect that a login can fail after the account exists. In autocommit, Django commits the "
        "account first, and the session and last_login in later transactions."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_commits_of_a_registration(transactional_db, client):
    """Sessions are kept in the database. How many transactions that write data does one
    registration with login commit?"""
    typed = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    with CaptureQueriesContext(connection) as captured:
        assert client.post("/register/", typed).status_code == 302
    open_, wrote, commits = False, False, 0
    for query in captured.captured_queries:
        verb = query["sql"].split()[0].strip(";")
        writes = verb in ("INSERT", "UPDATE", "DELETE")
        if verb == "BEGIN":
            open_, wrote = True, False
        elif verb == "COMMIT":
            open_, commits = False, commits + wrote
        elif writes and open_:
            wrote = True
        elif writes:
            commits += 1
    return commits
