"""Writing"""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Subquery
from django.db.models.signals import post_save
from players import roster

from suite.article import person_saved_with_user
from suite.compare import CANNOT, NotPossible, code, compare, docs
from suite.conftest import ALICE
from suite.outcomes import heard, outcome, rows, saw
from suite.variant import (
    PASSWORD,
    PlayerModel,
    User,
    birthdate_of,
    enrolled,
    extras_class,
    extras_of,
    path,
    person_class,
)

NEW = date(2001, 2, 3)


def owned_by(user):
    """Return the field and value that name the user in a row with extra fields."""
    return {"user": user} if PlayerModel.__name__ == "Person" else {"username": user.username}


def columns_set(sql):
    """Return the columns that an UPDATE sets."""
    return re.findall(r'"(\w+)" = ', sql.partition(" SET ")[2].partition(" WHERE ")[0])


def birthdate_stored_for(username):
    return User.objects.values_list(path("birthdate"), flat=True).get(username=username)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    mark="known",
    fits=[1],
    costs=[2],
    top=True,
    so_what="Two tables mean two writes. Put them into one transaction, or half of the change may "
    "be stored.",
)
def test_writes_to_change_email_and_birthdate(alice, statements):
    """How many statements write to the database when a user's e-mail and birthdate change
    together?"""
    statements.clear()
    roster.change("alice", email="new@example.org", birthdate=NEW)
    return len(statements.writes())


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[
        *("SELECT django_session", "SELECT auth_user"),
        *("SELECT person", "UPDATE person", "UPDATE django_session"),
    ],
    custom_user=[
        *("SELECT django_session", "SELECT players_user"),
        *("SELECT players_user", "UPDATE players_user", "UPDATE django_session"),
    ],
    foreignkey=[
        *("SELECT django_session", "SELECT auth_user"),
        *("SELECT person", "UPDATE person", "UPDATE django_session"),
    ],
    so_what="A profile row costs no more statements than a custom user. But an edit of a custom "
    "user locks and rewrites the row with the password.",
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_statements_of_a_profile_edit(alice, client, statements):
    """Which statements does one edit on the page /profile/ run?"""
    client.force_login(alice)
    statements.clear()
    response = client.post("/profile/", {**ALICE, "birthdate": NEW})
    if response.status_code == 405:
        raise NotPossible("The page does not accept POST, because there is nothing to store.")
    ran = statements.verbs()
    assert birthdate_stored_for("alice") == NEW
    return ran


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    costs=[False],
    so_what="save() writes only its own object's row. Call user.person.save() too; if you forget "
    "it, Django raises no error.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras(alice):
    """A new birthdate is set on user.person, or on a custom user. Does user.save() store it?"""
    extras_class()
    extras_of(alice).birthdate = NEW
    alice.save()
    return birthdate_stored_for("alice") == NEW


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    fails=[False],
    so_what="The receiver saves the profile that is cached on the user. With a ForeignKey it saves "
    "a row that it reads again, and the change is lost.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras_by_the_articles_signal(alice):
    """A receiver saves user.person after every save of the user. Does user.save() then store a
    changed birthdate?"""
    with person_saved_with_user():
        extras_of(alice).birthdate = NEW
        alice.save()
    return birthdate_stored_for("alice") == NEW


@compare(
    proxy_model="lost without an error",
    profile_onetoone="lost without an error",
    custom_user="stored",
    foreignkey="lost without an error",
    mark="surprising",
    fits=["stored"],
    costs=["lost without an error"],
    so_what="Python accepts any attribute on an object. Unless the user model has this field, the "
    "value is lost without an error.",
)
def test_birthdate_set_on_the_user_itself(alice):
    """What happens to user.birthdate = x after user.save()?"""
    alice.birthdate = NEW
    alice.save()
    again = User.objects.get(pk=alice.pk)
    kept = getattr(extras_of(again), "birthdate", None)
    return "stored" if kept == NEW else "lost without an error"


@compare(
    proxy_model="ValueError",
    profile_onetoone="ValueError",
    custom_user="accepted",
    foreignkey="ValueError",
    fits=["accepted"],
    so_what="Name the fields in update_fields. Django then raises ValueError for a field that the "
    "model does not have.",
    source=docs("Model instance reference", "Specifying which fields to save"),
)
def test_birthdate_named_in_update_fields(alice):
    """What does user.save(update_fields=["birthdate"]) do after user.birthdate = x?"""
    alice.birthdate = NEW
    return outcome(lambda: alice.save(update_fields=["birthdate"]))


@compare(
    proxy_model="FieldDoesNotExist",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    fits=["accepted"],
    costs=["FieldDoesNotExist"],
    so_what=(
        "update() of users does not reach the columns of a profile. For those fields, start "
        "from Person.objects."
    ),
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_of_an_extra_over_users(alice):
    """What does User.objects.update() do when you pass it the birthdate?"""
    return outcome(lambda: User.objects.filter(pk=alice.pk).update(**{path("birthdate"): NEW}))


@compare(
    proxy_model="accepted",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    so_what="You can filter by user__username, but you cannot update it that way. Start from "
    "User.objects.",
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_of_the_username_through_the_listed_class(alice):
    """What does update() of the username do on the variant's own model (Player, Person, User)?"""
    name = "user__username" if PlayerModel.__name__ == "Person" else "username"
    return outcome(
        lambda: PlayerModel.objects.filter(pk=extras_of(alice).pk).update(**{name: "zoe"})
    )


@compare(
    proxy_model=CANNOT,
    profile_onetoone="FieldError",
    custom_user="accepted",
    foreignkey="FieldError",
    mark="surprising",
    fits=["accepted"],
    costs=["FieldError"],
    so_what="In update(), F() may name only columns of the updated table. Use a Subquery to copy "
    "from another table.",
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_of_an_extra_from_a_user_column(alice):
    """What does update(discord_id=F(<the username>)) do?"""
    username = F("user__username" if PlayerModel.__name__ == "Person" else "username")
    extras = extras_class().objects
    return outcome(lambda: extras.update(discord_id=username))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what="A Subquery copies a value from the user table into the profile table in one UPDATE.",
    source="Django ticket #14104",
)
def test_update_of_an_extra_by_a_subquery(alice):
    """Can update() copy the username into the Discord ID with a Subquery?"""
    link = "user" if PlayerModel.__name__ == "Person" else "pk"
    name = User.objects.filter(pk=OuterRef(link)).values("username")
    extras_class().objects.update(discord_id=Subquery(name))
    return User.objects.filter(**{path("discord_id"): "alice"}).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    fits=[False],
    so_what="If you filter an update() by a field of another table, Django adds WHERE id IN "
    "(SELECT ...).",
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_filtered_by_an_extra_needs_a_subquery(alice, statements):
    """One update() deactivates all users born after 2000. Does its SQL contain a subquery?"""
    statements.clear()
    User.objects.filter(**{path("birthdate") + "__year__gt": 2000}).update(is_active=False)
    (update,) = statements
    return "IN (SELECT" in update


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=3,
    foreignkey=0,
    fits=[3],
    costs=[0],
    so_what="bulk_create() sends no signals, so no receiver creates profiles. Create the profile "
    "rows with a second bulk_create().",
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_extras_rows_after_bulk_create_of_users():
    """bulk_create() adds three users. How many of them have a row for the extra fields?"""
    extras_class()
    names = ["bob", "carol", "dave"]
    User.objects.bulk_create(User(username=name) for name in names)
    return User.objects.filter(username__in=names, **{path("pk") + "__isnull": False}).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    so_what="bulk_create() inserts many rows with one statement and returns their ids. Profile "
    "rows need those ids, so they take a second statement.",
    source=docs("QuerySet API reference", "bulk_create()"),
)
def test_statements_to_add_a_thousand_players(statements):
    """How many statements does bulk_create() take to add 1000 users with their extra fields?"""
    roster.add_many(
        [{"username": f"player{i:04}", "birthdate": birthdate_of(i)} for i in range(1000)]
    )
    return len(statements)


@compare(
    proxy_model="FieldDoesNotExist",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    fits=["accepted"],
    costs=["FieldDoesNotExist"],
    so_what="bulk_update() writes one table. For the fields of a profile, load the Person objects "
    "and update them instead.",
    source=docs("QuerySet API reference", "bulk_update()"),
)
def test_bulk_update_of_birthdates_on_users(alice):
    """What does User.objects.bulk_update(users, ["birthdate"]) do?"""
    alice.birthdate = NEW
    return outcome(lambda: User.objects.bulk_update([alice], ["birthdate"]))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="ProgrammingError",
    fits=["accepted"],
    costs=["ProgrammingError"],
    so_what="ON CONFLICT needs a unique index on the named columns. A ForeignKey has none, so "
    "PostgreSQL rejects the upsert.",
    source='PostgreSQL 18 docs, INSERT, section "ON CONFLICT Clause"',
)
def test_upsert_of_extras(alice):
    """What happens if you upsert a user's extra fields with bulk_create(update_conflicts=True)?"""
    mine = owned_by(alice)
    row = extras_class()(**mine, birthdate=NEW)
    return outcome(
        lambda: PlayerModel.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=mine, update_fields=["birthdate"]
        )
    )


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[None],
    custom_user=CANNOT,
    foreignkey=[ALICE["discord_id"], None],
    mark="surprising",
    costs=[[None], [ALICE["discord_id"], None]],
    so_what="If the user is the primary key, save() updates the existing row and clears fields "
    "that you did not set. With a ForeignKey it adds a second row.",
    source=docs("Model instance reference", "How Django knows to UPDATE vs. INSERT"),
)
def test_discord_ids_after_saving_a_new_person(alice):
    """A profile row has a Discord ID. Which Discord IDs remain after Person(user=user,
    birthdate=x).save()?"""
    person_class()(user=alice, birthdate=NEW).save()
    people = person_class().objects.filter(user=alice).order_by("pk")
    return list(people.values_list("discord_id", flat=True))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user=CANNOT,
    foreignkey="accepted",
    fits=["IntegrityError"],
    costs=["accepted"],
    so_what="create() forces an INSERT. The primary key of a OneToOne profile rejects it; a "
    "ForeignKey gets a second row.",
    source=docs("QuerySet API reference", "create()"),
)
def test_creating_a_person_for_a_player_who_has_one(alice):
    """What does Person.objects.create(user=user) do for a user who already has a profile row?"""
    create = person_class().objects.create
    return outcome(lambda: create(user=alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["alice", "bob"],
    custom_user=CANNOT,
    foreignkey=["bob"],
    mark="surprising",
    fits=[["bob"]],
    costs=[["alice", "bob"]],
    so_what="If the user is the primary key, save() overwrites the other user's profile and keeps "
    "the old row. A ForeignKey moves the row.",
    source=docs("One-to-one relationships"),
)
def test_owners_after_giving_a_person_to_another_user(alice):
    """Alice's profile gets person.user = bob and is saved. Which users have Alice's Discord ID
    afterwards?"""
    bob = enrolled("bob")
    person = person_class().objects.get(user=alice)
    person.user = bob
    person.save()
    owners = User.objects.filter(person__discord_id=ALICE["discord_id"])
    return sorted(owners.values_list("username", flat=True))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    costs=[True],
    top=True,
    so_what="save() writes every column as it was loaded. Edit a custom user with "
    "save(update_fields=[...]). A full save() of a stale user does this in every approach.",
    source=docs("Model instance reference", "Specifying which fields to save"),
)
def test_stale_save_of_a_birthdate_undoes_a_new_password(alice):
    """Extra fields are loaded, then the password changes. Does saving a new birthdate restore the
    old password?"""
    extras_class()
    loaded_before = extras_of(User.objects.get(pk=alice.pk))
    alice.set_password("The dragon wakes at 10")
    alice.save(update_fields=["password"])
    loaded_before.birthdate = NEW
    loaded_before.save()
    return User.objects.get(pk=alice.pk).check_password(PASSWORD)


@compare(
    proxy_model=CANNOT,
    profile_onetoone="NotSupportedError",
    custom_user="accepted",
    foreignkey="NotSupportedError",
    mark="surprising",
    fits=["accepted"],
    costs=["NotSupportedError"],
    so_what="A user may have no profile, so Django uses an outer join. PostgreSQL cannot lock its "
    'nullable side; use of=("self",).',
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_a_user_joined_with_the_extras(alice):
    """What does select_for_update() do on a user query that also reads the birthdate?"""
    players = User.objects.select_for_update().annotate(born=F(path("birthdate")))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    fits=["accepted"],
    so_what='of=("self",) locks only the user row. That is enough if all code that changes the '
    "profile locks the user first.",
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_only_the_user_of_a_join(alice):
    """What does select_for_update(of=("self",)) do on a user query that also reads the
    birthdate?"""
    players = User.objects.select_for_update(of=("self",)).annotate(born=F(path("birthdate")))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="NotSupportedError",
    custom_user=CANNOT,
    foreignkey="FieldError",
    costs=["NotSupportedError", "FieldError"],
    so_what="To lock profile rows, start the query from Person instead of User.",
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_only_the_extras_of_a_join(alice):
    """What does User.objects.select_related("person").select_for_update(of=("person",)) do?"""
    person_class()
    players = User.objects.select_related("person").select_for_update(of=("person",))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=10,
    profile_onetoone=10,
    custom_user=13,
    foreignkey=10,
    so_what="user.save() writes every column of a custom user again, extra fields included. Name "
    "the changed ones in update_fields.",
    source=docs("Model instance reference", "Specifying which fields to save"),
)
def test_columns_written_by_saving_a_user(alice, statements):
    """How many columns does user.save() write?"""
    statements.clear()
    alice.save()
    return len(columns_set(statements[0]))


@compare(
    proxy_model=["last_login"],
    profile_onetoone=["last_login"],
    custom_user=["last_login"],
    foreignkey=["last_login"],
    so_what="Unless it also upgrades the password hash, a login saves only last_login. It undoes "
    "no change of another column.",
    source=code("django.contrib.auth.models.update_last_login"),
)
def test_columns_written_by_a_login(client, alice, statements):
    """Which columns of the user does a login write?"""
    statements.clear()
    assert client.login(username="alice", password=PASSWORD)
    (update,) = (sql for sql in statements if sql.startswith(f'UPDATE "{User._meta.db_table}"'))
    return columns_set(update)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=CANNOT,
    foreignkey=2,
    mark="surprising",
    costs=[2],
    so_what="A login saves last_login, so the receiver reads and rewrites the profile at each "
    "login. A check of created avoids that.",
    source=code("django.contrib.auth.models.update_last_login"),
)
def test_further_statements_by_the_articles_signal(alice, statements):
    """A receiver saves user.person after every save of the user. How many statements does it add
    to a login?"""
    with person_saved_with_user():
        statements.clear()
        alice.save(update_fields=["last_login"])
    return len(statements) - 1


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what="refresh_from_db() also forgets cached related objects, so the profile is read again "
    "when you need it.",
    source=docs("Model instance reference", "Refreshing objects from database"),
)
def test_refreshing_the_user_refreshes_the_extras(alice):
    """A birthdate that was read changes elsewhere. Is it new after user.refresh_from_db()?"""
    assert extras_of(alice).birthdate == ALICE["birthdate"]
    roster.change("alice", birthdate=NEW)
    alice.refresh_from_db()
    return extras_of(alice).birthdate == NEW


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="MultipleObjectsReturned",
    fits=["accepted"],
    fails=["MultipleObjectsReturned"],
    so_what="update_or_create() needs a unique column. Once a user has two profile rows, each "
    "later call fails.",
    source=docs("QuerySet API reference", "update_or_create()"),
)
def test_update_or_create_after_a_second_row_was_tried(alice):
    """The code tries to create a second profile row. What does update_or_create() do afterwards?"""
    extras, mine = extras_class().objects, owned_by(alice)
    saw(outcome(lambda: extras.create(**mine)))
    return outcome(lambda: extras.update_or_create(**mine, defaults={"birthdate": NEW}))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["birthdate"],
    custom_user=["last_login", "date_joined", "birthdate"],
    foreignkey=["birthdate"],
    mark="surprising",
    so_what="It writes the defaults and every date field, because those may use auto_now. It locks "
    "the row first, so it restores no old value.",
    source='Django 4.2 release notes, "Setting update_fields in Model.save() may now be required"',
)
def test_columns_written_by_update_or_create(alice, statements):
    """Which columns does update_or_create(..., defaults={"birthdate": x}) write?"""
    extras_class().objects.update_or_create(**owned_by(alice), defaults={"birthdate": NEW})
    return columns_set(statements[-1])


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    costs=["IntegrityError"],
    so_what=(
        "Django's default= is not in the database. Programs that insert users by SQL must "
        "name every NOT NULL column that has no db_default."
    ),
    source=docs("Model field reference", "db_default"),
)
def test_user_inserted_by_sql_with_two_columns():
    """What happens if SQL inserts a user with only a username and a password?"""
    insert = f"INSERT INTO {User._meta.db_table} (username, password) VALUES ('zoe', '')"
    return outcome(lambda: rows(insert))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    fails=[CANNOT],
    so_what="Signals run only in Django. A user inserted by SQL has no profile row. A custom user "
    "holds the fields in the same row.",
    source=docs("Signals", "post_save"),
)
def test_user_inserted_by_sql_has_an_extras_row():
    """SQL inserts a user with all required columns. Does that user have a row for the extra
    fields?"""
    extras_class()
    rows(f"""
        INSERT INTO {User._meta.db_table} (username, password, first_name, last_name, email,
                                           is_superuser, is_staff, is_active, date_joined)
        VALUES ('zoe', '', '', '', '', false, false, true, now())
    """)
    return User.objects.filter(username="zoe", **{path("pk") + "__isnull": False}).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="A copy contains the fields of its own row. With a custom user, the Discord ID is "
    "copied too, even if you do not want that.",
    source=docs("Making queries", "Copying model instances"),
)
def test_copied_account_has_the_birthdate(alice):
    """A user is copied with user.pk = None and save(). Does the copy have the birthdate?"""
    alice.pk = None
    alice.username = "copy"
    alice.save()
    return birthdate_stored_for("copy") == ALICE["birthdate"]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=False,
    costs=[False],
    so_what="Assigning a profile links two objects in memory. Save the profile itself to store it.",
    source=docs("Making queries", "One-to-one relationships"),
)
def test_assigned_person_is_stored_with_the_user(alice):
    """Does user.save() store x after user.person = Person(birthdate=x)?"""
    alice.person = person_class()(birthdate=NEW)
    alice.save()
    return person_class().objects.filter(birthdate=NEW).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="IntegrityError",
    fits=["accepted"],
    costs=["IntegrityError"],
    so_what="Assigning to the accessor of a OneToOneField also sets person.user. With a "
    "ForeignKey, set person.user yourself.",
    source=docs("One-to-one relationships"),
)
def test_saving_an_assigned_person(alice):
    """What does user.person.save() do after user.person = Person(birthdate=x)?"""
    alice.person = person_class()(birthdate=NEW)
    return outcome(alice.person.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    costs=[False],
    so_what="update() sends no signals. Logs and caches that depend on post_save miss the change.",
    source=docs("QuerySet API reference", "update()"),
)
def test_update_of_all_birthdates_sends_post_save(alice):
    """Does update() of every user's birthdate send post_save?"""
    with heard(post_save) as senders:
        assert extras_class().objects.update(birthdate=NEW)
    return bool(senders)


@compare(
    proxy_model="UPDATE auth_user",
    profile_onetoone="UPDATE person",
    custom_user="UPDATE players_user",
    foreignkey="UPDATE person",
    mark="known",
    so_what="The rows of a proxy are the users themselves. Player.objects.update() changes every "
    "account.",
    source=docs("Models", "Proxy models"),
)
def test_table_updated_through_the_listed_class(alice, statements):
    """Which table does update() on the variant's own model (Player, Person, User) write?"""
    name = PlayerModel._meta.concrete_fields[-1].name
    statements.clear()
    assert PlayerModel.objects.update(**{name: F(name)})
    return statements.verbs()[0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    fits=[False],
    costs=[True],
    so_what="Without transaction.atomic() Django commits each statement at once. Wrap the two "
    "saves of a user and a profile in it.",
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_half_a_change_is_kept_outside_a_transaction(transactional_db, alice):
    """A new e-mail and an invalid birthdate are saved without a transaction. Is the new e-mail
    stored?"""
    extras_class()
    extras = extras_of(alice)
    alice.email, extras.birthdate = "new@example.org", "31 February"
    try:
        for row in dict.fromkeys([alice, extras]):
            row.save()
    except ValidationError as error:
        saw(error)
    return User.objects.filter(email="new@example.org").exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="ValidationError",
    foreignkey="accepted",
    fits=["ValidationError"],
    costs=["accepted"],
    so_what="full_clean() checks only the fields of its own model. Call it on the profile too, or "
    "use a form for the profile.",
    source=docs("Model instance reference", "Validating objects"),
)
def test_full_clean_of_the_user_checks_the_birthdate(alice):
    """The extra fields contain an invalid birthdate. What does user.full_clean() do?"""
    extras_class()
    extras_of(alice).birthdate = "31 February"
    return outcome(alice.full_clean)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[False],
    costs=[True],
    so_what="PostgreSQL writes a whole new row version for each change. With a custom user, each "
    "edit rewrites the row that every login reads.",
    source="PostgreSQL 18 docs, Heap-Only Tuples (HOT)",
)
def test_change_of_birthdate_rewrites_the_users_row(alice):
    """Does a change of the birthdate write a new version of the row with the password?"""
    place = f"SELECT ctid FROM {User._meta.db_table} WHERE id = %s"
    before = rows(place, [alice.pk])
    roster.change("alice", birthdate=NEW)
    return rows(place, [alice.pk]) != before
