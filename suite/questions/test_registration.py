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
from suite.compare import CANNOT, compare, docs
from suite.outcomes import heard, outcome, rows, saw
from suite.sessions import at_the_same_moment, said
from suite.variant import PASSWORD, VARIANT, PlayerModel, User, enrolled, path


def extra_stored(name, username="bob"):
    """What the database has as this extra of the player's."""
    return saw(User.objects.values_list(path(name), flat=True).get(username=username))


def in_two_steps(username, **extras):
    """create_user() first, then the extras: the code that one writes without thinking of errors."""
    if PlayerModel.__name__ != "Person":
        return User.objects.create_user(username, password=PASSWORD, **extras)
    user = User.objects.create_user(username, password=PASSWORD)
    person = user.person if hasattr(User, "person") else PlayerModel(user=user)
    for name, value in extras.items():
        setattr(person, name, value)
    return person.save()


def ids_given_out():
    """How many ids the database's sequences have given out."""
    return int(rows("SELECT sum(last_value) FROM pg_sequences")[0][0])


def transactions(action):
    """The statements about transactions that are sent to PostgreSQL, in order."""
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
    """How often the password is hashed while a visitor registers there."""
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
        "A profile row costs one INSERT, and an UPDATE too if a signal receiver creates it. "
        "A custom user's own constraint costs one more look-up of the username."
    ),
    source=docs("Using the Django authentication system", "How to log a user in"),
)
def test_statements_of_a_registration(client, statements):
    """Which statements does one registration on the page /register/ run?"""
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
        "A receiver that saves the profile row at every save of the user costs statements at "
        "each login too. authenticate() after registration costs one more SELECT."
    ),
)
def test_statements_of_the_articles_registration(client, settings, statements):
    """Which statements does one registration through the article's view run?"""
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
    so_what="The article's signal and refresh_from_db() make seven statements of two.",
)
def test_statements_to_save_the_articles_form(statements):
    """Which statements store the user and the extras of the article's form, once it is valid?"""
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
    so_what="Without them the profile costs one statement more than a ForeignKey.",
    source=docs("Signals", "post_save"),
)
def test_statements_with_a_create_only_signal(statements):
    """Which statements store user and extras, if the signal only creates the person and the view
    saves the person itself, without refresh_from_db()?"""
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
        "Person.objects.create(user=instance) puts the person into the cache of user.person: "
        "refresh_from_db() is a query for nothing."
    ),
    source=docs("Model instance reference", "Refreshing objects from database"),
)
def test_refresh_is_needed_before_the_extras():
    """Must the user be read again (refresh_from_db) after the form's save(), before the extras
    that a signal has made can be set and saved?"""
    form = article.typed()
    assert form.is_valid()
    with article.receiving(article.create_person):
        user = form.save()
    extras = extras_made_for(user)
    extras.discord_id = "refreshed by nobody"
    extras.save()
    return extra_stored("discord_id") != "refreshed by nobody"


def extras_made_for(user):
    """The object that keeps the user's extras, without reading the user again."""
    if hasattr(User, "person_set"):
        return user.person_set.get()
    return user.person if hasattr(User, "person") else user


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["auth_user", "person"],
    custom_user=[],
    foreignkey=["auth_user"],
    so_what=(
        "Without a transaction, a rejected profile row leaves an account without its extra fields."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_left_when_the_articles_extras_are_refused(transactional_db, client, settings):
    """PostgreSQL rejects an extra field in the article's view. Which tables still hold something
    of the user?"""
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
    so_what="The visitor saw a failure, but the account exists, so trying again is refused.",
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_second_try_after_refused_extras(transactional_db, client, settings):
    """PostgreSQL rejected an extra field in the article's view. What does a second try with
    accepted data show?"""
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
    so_what="ATOMIC_REQUESTS = True repairs the article's view in every approach.",
    source=docs("Database transactions", "Tying transactions to HTTP requests"),
)
def test_left_with_atomic_requests(transactional_db, client, settings):
    """With ATOMIC_REQUESTS, PostgreSQL rejects an extra field in the article's view. Which tables
    still hold something of the user?"""
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
    """PostgreSQL rejects an extra field in roster.register(). Which tables still hold something of
    the user?"""
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
        "save() sends post_save after the INSERT is committed: a row that a signal makes is no "
        "part of making the user, unless a transaction is around both."
    ),
    source=docs("Signals", "post_save"),
)
def test_user_stays_when_a_receiver_raises(transactional_db):
    """A receiver of post_save raises within create_user(), outside any transaction: is the user
    stored all the same?"""

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
        "PostgreSQL stores one row as a whole, so one INSERT needs no transaction.atomic(). "
        "Two rows need it, which costs two more round trips."
    ),
    source=docs("Database transactions", "Controlling transactions explicitly"),
)
def test_transaction_statements_of_a_registration(transactional_db):
    """Which transaction statements does roster.register() send to store one user?"""
    return transactions(lambda: roster.register("bob", PASSWORD))


@compare(
    proxy_model=["BEGIN", "COMMIT"],
    profile_onetoone=["BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT"],
    custom_user=["BEGIN", "COMMIT"],
    foreignkey=["BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT"],
    so_what=(
        "An inner transaction.atomic() becomes a savepoint, which costs two round trips. "
        "transaction.atomic(savepoint=False) saves them."
    ),
    source=docs("Database transactions", "Controlling transactions explicitly"),
)
def test_transaction_statements_within_another(transactional_db):
    """roster.register() runs inside another transaction.atomic(). Which transaction statements
    does Django send?"""
    return transactions(lambda: transaction.atomic(roster.register)("bob", PASSWORD))


@compare(
    proxy_model="never",
    profile_onetoone="never",
    custom_user="POST",
    foreignkey="never",
    mark="surprising",
    so_what=(
        "The form names auth.User, whose manager is missing only when it is asked: with a custom "
        "user the page looks right until somebody sends it."
    ),
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
)
def test_step_where_plain_usercreationform_fails():
    """Where does django.contrib.auth.forms.UserCreationForm, taken as it is, fail: when it is
    shown (GET), when it is sent (POST), or never?"""
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
    so_what="Without a signal nobody makes the person.",
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
)
def test_tables_that_plain_usercreationform_fills():
    """Into which tables does django.contrib.auth.forms.UserCreationForm, taken as it is, put a
    new player?"""
    said(lambda: UserCreationForm(TYPED).save())
    return left_of("bob")


@compare(
    proxy_model="FieldError",
    profile_onetoone="FieldError",
    custom_user="accepted",
    foreignkey="FieldError",
    so_what="Only an extra that is a column of the user is stored by Django's form itself.",
    source=docs("Customizing authentication in Django", "Custom users and the built-in auth forms"),
)
def test_usercreationform_with_an_extra_in_meta_fields():
    """Does a UserCreationForm accept the birthdate in its Meta.fields?"""

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
    so_what="A field that Meta.fields does not name is checked and then lost without a word.",
    source=docs("Creating forms from models", "Selecting the fields to use"),
)
def test_extra_declared_on_the_form_only_is_stored():
    """The form declares a birthdate field that is not in Meta.fields, and the view calls only
    form.save(): is the birthdate stored?"""

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
    so_what="A signal comes with the user's save(), whenever that is.",
    source=docs("Creating forms from models", "The save() method"),
)
def test_rows_with_extras_after_commit_false():
    """How many rows keep the player's extras after form.save(commit=False), and how many after the
    user.save() that follows?"""

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
    so_what="Two rows have an order: the person needs the user's id.",
    source='Django 5.2 docs, "One-to-one relationships"',
)
def test_extras_before_the_user():
    """Can the extras be saved together with a user who is not saved yet?"""
    bob = (
        {"user": User(username="bob")} if PlayerModel.__name__ == "Person" else {"username": "bob"}
    )
    return outcome(lambda: PlayerModel(birthdate="2010-05-04", **bob).save())


@compare(
    proxy_model="TypeError",
    profile_onetoone="TypeError",
    custom_user="accepted",
    foreignkey="TypeError",
    so_what="With a custom user, all that makes users takes the extras.",
    source=docs("django.contrib.auth", "Manager methods") + ", create_user()",
)
def test_create_user_with_an_extra():
    """Does create_user() accept the birthdate?"""
    return outcome(lambda: User.objects.create_user("bob", birthdate="2010-05-04"))


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "The sender is the class of the object: receivers for User, of other packages too, do not "
        "hear of a proxy's save()."
    ),
    source="Django ticket #9318",
)
def test_receiver_for_user_hears_of_a_registration():
    """Does a receiver of post_save with sender=get_user_model() hear of a player who registers?"""
    with heard(post_save, sender=User) as senders:
        enrolled("bob")
    return bool(senders)


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="It names the user's class, whichever it is, without importing it.",
    source=docs("Customizing authentication in Django", "Referencing the User model"),
)
def test_receiver_connected_by_the_setting(settings):
    """Does a receiver of post_save with sender=settings.AUTH_USER_MODEL, a text, hear of
    create_user()?"""
    with heard(post_save, sender=settings.AUTH_USER_MODEL) as senders:
        User.objects.create_user("bob")
    return bool(senders)


@compare(
    proxy_model=["UPDATE auth_user"],
    profile_onetoone=["UPDATE auth_user", "SELECT person", "UPDATE person"],
    custom_user=["UPDATE players_user"],
    foreignkey=["UPDATE auth_user"],
    so_what="A login saves the user (last_login), and so the signal saves the person.",
    source="Django 5.2 source, django.contrib.auth.models.update_last_login",
)
def test_statements_of_login_after_the_articles_registration(rf, statements):
    """Which statements about the player does login() run right after registering, with the
    article's signal in place?"""
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
    so_what="Django's own constraint minds the case; the index on UPPER(username) does not.",
    source="PostgreSQL 18 docs, 11.7. Indexes on Expressions",
)
def test_constraints_against_a_taken_username(alice):
    """Which constraint of the database refuses a second "alice", and which one "ALICE"?"""

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
        "Catch IntegrityError around form.save() and check the form again. The loser then sees "
        "an error on the field instead of an error page."
    ),
    source="PostgreSQL 18 docs, Index Uniqueness Checks",
)
def test_race_for_a_username(transactional_db):
    """Two visitors register the same username at once. What does the page show to the loser?"""
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
        "Django's form checks the username first and inserts later. If your view does not catch "
        "IntegrityError, the loser sees an error page."
    ),
    source="Django 5.2 source, django.contrib.auth.forms.UserCreationForm.clean_username",
)
def test_race_for_a_username_in_djangos_form(transactional_db):
    """Two visitors send a valid UserCreationForm with the same username at once. What does the
    loser's save() raise?"""

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
        "A rejected INSERT uses up an id, because PostgreSQL never takes a sequence number back. "
        "Gaps between ids are normal."
    ),
    source="PostgreSQL 18 docs, 9.17. Sequence Manipulation Functions",
)
def test_ids_burnt_by_a_taken_username(alice):
    """No form checks the username first. How many ids does roster.register() of a taken username
    use up?"""
    before = ids_given_out()
    assert outcome(lambda: roster.register("alice", PASSWORD)) == "IntegrityError"
    return ids_given_out() - before


@compare(
    proxy_model=0,
    profile_onetoone=0,
    custom_user=0,
    foreignkey=0,
    so_what="It looks before it inserts, which costs a query at each registration.",
    source="PostgreSQL 18 docs, 9.17. Sequence Manipulation Functions",
)
def test_ids_burnt_in_djangos_form(alice):
    """How many ids are used up if Django's own UserCreationForm refuses the taken username?"""
    before = ids_given_out()
    assert not article.typed(username="alice").is_valid()
    return ids_given_out() - before


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    mark="surprising",
    so_what="The validator compares with username, names and e-mail only, wherever the extras are.",
    source=docs("Password management in Django", "Included validators")
    + ", UserAttributeSimilarityValidator",
)
def test_password_equal_to_the_discord_id():
    """Does Django's UserAttributeSimilarityValidator refuse a password that is the player's
    Discord ID?"""
    roster.register("bob", PASSWORD, discord_id="dragonfly77")
    bob = User.objects.get(username="bob")
    return outcome(lambda: UserAttributeSimilarityValidator().validate("dragonfly77", bob))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="ValidationError",
    foreignkey="accepted",
    mark="surprising",
    so_what="The option names attributes of the user: elsewhere an extra is none.",
    source=docs("Password management in Django", "Included validators")
    + ", UserAttributeSimilarityValidator",
)
def test_password_equal_to_a_named_attribute():
    """The same password, if the validator's option user_attributes names discord_id?"""
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
    so_what="Only create_user() and set_password() hash, in every approach.",
    source=docs("Using the Django authentication system", "Changing passwords"),
)
def test_password_in_clear_with_objects_create():
    """Is the password stored as it was typed by objects.create(username=..., password=...)?"""
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
    so_what="It calls save() in a thread, so the signal is sent there too.",
    source=docs("django.contrib.auth", "Manager methods") + ", acreate_user()",
)
def test_rows_with_extras_after_acreate_user():
    """How many rows keep the extras of a user made by the asynchronous acreate_user()?"""
    async_to_sync(User.objects.acreate_user)("bob", password=PASSWORD)
    return rows_with_extras("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["auth_user", "person"],
    custom_user=[],
    foreignkey=["auth_user"],
    so_what="What is wrong in the second step leaves the first one behind.",
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_left_by_an_impossible_birthdate(transactional_db):
    """create_user(), then the extras, with the birthdate "2010-02-30" and no transaction around:
    in which tables is something of the player left?"""
    error = said(lambda: in_two_steps("bob", birthdate="2010-02-30"))
    if isinstance(error, TypeError):
        raise error
    return left_of("bob")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="empty text",
    custom_user="empty text",
    foreignkey="empty text",
    mark="surprising",
    so_what=(
        "Of Django's text fields only CharField(null=True) turns blank into NULL: with "
        "unique=True, two players who leave a TextField blank collide."
    ),
    source=docs("Model field reference", "null"),
)
def test_blank_discord_id_in_a_modelform():
    """What does Django's own ModelForm store for a Discord ID left blank, a TextField(null=True):
    NULL or an empty text?"""
    extras = extras_made_for(enrolled("bob", discord_id="100000000000000002"))
    form = forms.modelform_factory(type(extras), fields=["discord_id"])
    form({"discord_id": ""}, instance=extras).save()
    return "empty text" if extra_stored("discord_id") == "" else "NULL"


@compare(
    proxy_model=CANNOT,
    profile_onetoone="NULL",
    custom_user="NULL",
    foreignkey="NULL",
    mark="surprising",
    so_what="A form field with empty_value=None stores NULL.",
    source=docs("Form fields", "CharField") + ", empty_value",
)
def test_blank_discord_id_in_our_form(client):
    """What does the variant's own registration store for a Discord ID left blank: NULL or an
    empty text?"""
    client.post("/register/", {**TYPED, "discord_id": ""})
    return "empty text" if extra_stored("discord_id") == "" else "NULL"


@compare(
    proxy_model="players.models.Player",
    profile_onetoone="django.contrib.auth.models.User",
    custom_user="players.models.User",
    foreignkey="django.contrib.auth.models.User",
    mark="known",
    so_what="The proxy's methods are there only by an authentication backend of one's own.",
    source=docs("Customizing authentication in Django", "Writing an authentication backend"),
)
def test_class_of_request_user_after_registering(client):
    """Of which class is request.user on the page after registering?"""
    client.post("/register/", TYPED)
    found = client.get("/").wsgi_request.user.__class__
    return f"{found.__module__}.{found.__name__}"


@compare(
    proxy_model=1,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    source=docs("Password management in Django", "How Django stores passwords"),
)
def test_hashes_of_a_registration(client, settings):
    """How often is the password hashed, deliberately slow work, in the variant's own view?"""
    return hashes(settings, client, "/register/")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=2,
    foreignkey=2,
    so_what="authenticate() doubles the costliest part of registering.",
    source=docs("Password management in Django", "How Django stores passwords"),
)
def test_hashes_of_the_articles_registration(client, settings):
    """How often is the password hashed in the article's view, which authenticates the new player
    once more?"""
    with article_signal():
        return hashes(settings, client, "/article/")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Django sends post_save before the profile row's values are stored and before COMMIT. "
        "Send mail in transaction.on_commit() instead."
    ),
    source=docs("Database transactions", "Performing actions after commit"),
)
def test_mail_for_a_refused_registration(transactional_db):
    """A post_save receiver sends the welcome mail. Is it sent if PostgreSQL then rejects an extra
    field?"""
    with a_refused_discord_id(), heard(post_save, sender=User) as senders:
        said(lambda: roster.register("bob", PASSWORD, discord_id=REFUSED))
    return bool(senders)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="save() runs no validators; a CHECK would hold, where there is a column.",
    source=docs("Validators", "How validators are run"),
)
def test_birthdate_in_the_future_through_the_roster():
    """The form refuses a birthdate in the year 2999: does the database take it from other code?"""
    roster.register("bob", PASSWORD, birthdate="2999-01-01")
    return extra_stored("birthdate").year == 2999


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="create_user() validates nothing.",
    source=docs("Validators", "How validators are run"),
)
def test_create_user_takes_a_name_that_forms_refuse():
    """Does create_user() take the username "no spaces!", which every form refuses?"""
    return User.objects.create_user("no spaces!").pk is not None
