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
    so_what=(
        "With a profile, put the writes to the user and to the profile into one transaction. "
        "Otherwise the first write stays if the second fails."
    ),
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
    so_what=(
        "The number of statements of an edit is no reason to choose an approach. With a custom "
        "user, however, an edit locks and rewrites the row with the password."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_statements_of_a_profile_edit(alice, client, statements):
    """A user changes the birthdate on the page /profile/. Which statements does this request
    run?"""
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
    so_what=(
        "After you change a profile, call save() on the profile. user.save() writes only the "
        "user's own row, and Django raises no error."
    ),
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras(alice):
    """Code sets a new birthdate on the user's profile, or on a custom user. Does user.save() store
    this birthdate?"""
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
    so_what=(
        "Call save() on the changed profile itself. A receiver stores the change if it saves the "
        "cached user.person; if it reads a ForeignKey profile again, the change is lost."
    ),
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras_by_the_articles_signal(alice):
    """A receiver saves a user's profile after every save of the user. Does user.save() then store a
    birthdate that was changed on the profile?"""
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
    so_what=(
        "Set a profile's field on the profile, not on the user. Python accepts any attribute, and "
        "user.save() ignores attributes that are not model fields."
    ),
)
def test_birthdate_set_on_the_user_itself(alice):
    """Code sets user.birthdate = x and calls user.save(). What happens to the value?"""
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
    """Code sets user.birthdate = x. What does user.save(update_fields=["birthdate"]) do?"""
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
    """Code passes birthdate, or person__birthdate for a profile, to User.objects.update(). What
    happens?"""
    return outcome(lambda: User.objects.filter(pk=alice.pk).update(**{path("birthdate"): NEW}))


@compare(
    proxy_model="accepted",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    so_what=(
        "To change usernames, call update() on User.objects. Person.objects can filter by "
        "user__username, but cannot update it."
    ),
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_of_the_username_through_the_listed_class(alice):
    """Code passes username, or user__username for Person, to update() on Player, Person or User.
    What happens?"""
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
    """Code runs update(discord_id=F("username")), or F("user__username") for Person. What
    happens?"""
    username = F("user__username" if PlayerModel.__name__ == "Person" else "username")
    extras = extras_class().objects
    return outcome(lambda: extras.update(discord_id=username))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    so_what=(
        "To copy a value from the user table into the profile table, use a Subquery in update(). "
        "It takes one UPDATE."
    ),
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
    so_what=(
        "You can filter User.objects.update() by a profile's field. Django then writes the "
        "condition as a subquery: WHERE id IN (SELECT ...)."
    ),
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
    so_what=(
        "To add many users, create the users with one bulk_create() and the profiles with a "
        "second. On PostgreSQL, the first returns the ids that the profiles need."
    ),
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
    so_what=(
        "bulk_update() takes fields of its own model only. For a profile's fields, call "
        'Person.objects.bulk_update(persons, ["birthdate"]).'
    ),
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
    so_what=(
        "To upsert profiles, use a OneToOneField, or add a unique constraint to the ForeignKey. "
        "ON CONFLICT needs a unique index on the columns in unique_fields."
    ),
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
    so_what=(
        "Do not use Person(user=user).save() if a profile may exist. With the user as primary "
        "key, it clears fields you did not set; a ForeignKey gets another row."
    ),
    source=docs("Model instance reference", "How Django knows to UPDATE vs. INSERT"),
)
def test_discord_ids_after_saving_a_new_person(alice):
    """A user's profile row has a Discord ID. Which Discord IDs does the user have after
    Person(user=user, birthdate=x).save()?"""
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
    so_what=(
        "Use get_or_create() if a profile may exist. create() forces an INSERT: a OneToOneField "
        "rejects the second row, a plain ForeignKey accepts it."
    ),
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
    so_what=(
        "Do not assign another user to a profile whose primary key is the user: save() overwrites "
        "that user's profile and keeps the old row. A ForeignKey moves the row."
    ),
    source=docs("One-to-one relationships"),
)
def test_owners_after_giving_a_person_to_another_user(alice):
    """Code sets person.user = bob on Alice's profile and saves it. Which users have Alice's Discord
    ID afterwards?"""
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
    so_what=(
        "Edit a custom user with save(update_fields=[...]). Without update_fields, save() writes "
        "every column as it was loaded, so it can restore an old password."
    ),
    source=docs("Model instance reference", "Specifying which fields to save"),
)
def test_stale_save_of_a_birthdate_undoes_a_new_password(alice):
    """Code loads the extra fields, and then the user's password changes. Does saving a new
    birthdate with save() restore the old password?"""
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
    so_what=(
        'To lock users in a query that joins a profile, use select_for_update(of=("self",)). '
        "Django uses an outer join, and PostgreSQL cannot lock its nullable side."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_a_user_joined_with_the_extras(alice):
    """What does select_for_update() do on a User query that also selects the birthdate, through a
    join if needed?"""
    players = User.objects.select_for_update().annotate(born=F(path("birthdate")))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    fits=["accepted"],
    so_what=(
        'select_for_update(of=("self",)) locks the user row alone. This protects the profile too '
        "if all code that changes the profile locks the user first."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_only_the_user_of_a_join(alice):
    """What does select_for_update(of=("self",)) do on a User query that also selects the birthdate,
    through a join if needed?"""
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
    so_what=(
        "Name the changed fields in update_fields. Otherwise user.save() writes every column "
        "except the primary key; with a custom user, extra fields too."
    ),
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
    so_what=(
        "A login does not overwrite other changes to the user: it saves only last_login, unless "
        "it also upgrades the password hash."
    ),
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
    so_what=(
        "In a receiver that saves the profile, check created first. Otherwise the receiver also "
        "reads and writes the profile at each login, because a login saves last_login."
    ),
    source=code("django.contrib.auth.models.update_last_login"),
)
def test_further_statements_by_the_articles_signal(alice, statements):
    """A receiver reads and saves a user's profile after every save of the user. How many statements
    does the receiver add to a login?"""
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
    so_what=(
        "Call user.refresh_from_db() to see new values of a profile too. It clears cached related "
        "objects, so Django reads the profile again when code uses it."
    ),
    source=docs("Model instance reference", "Refreshing objects from database"),
)
def test_refreshing_the_user_refreshes_the_extras(alice):
    """Code reads a user's birthdate, then another request changes it. Does the user object show the
    new birthdate after user.refresh_from_db()?"""
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
    so_what=(
        "Add a unique constraint to a ForeignKey profile before you use update_or_create(). Once "
        "a user has two profile rows, each later call raises MultipleObjectsReturned."
    ),
    source=docs("QuerySet API reference", "update_or_create()"),
)
def test_update_or_create_after_a_second_row_was_tried(alice):
    """Code tries to create a second row with extra fields for a user. What does update_or_create()
    for this user do afterwards?"""
    extras, mine = extras_class().objects, owned_by(alice)
    saw(outcome(lambda: extras.create(**mine)))
    return outcome(lambda: extras.update_or_create(**mine, defaults={"birthdate": NEW}))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["birthdate"],
    custom_user=["last_login", "date_joined", "birthdate"],
    foreignkey=["birthdate"],
    mark="surprising",
    so_what=(
        "Expect update_or_create() to write every date field besides the defaults, because date "
        "fields may use auto_now. It locks and reads the row first, so it writes no old values."
    ),
    source='Django 4.2 release notes, "Setting update_fields in Model.save() may now be required"',
)
def test_columns_written_by_update_or_create(alice, statements):
    """A row with extra fields exists. Which of its columns does update_or_create(...,
    defaults={"birthdate": x}) write?"""
    extras_class().objects.update_or_create(**owned_by(alice), defaults={"birthdate": NEW})
    return columns_set(statements[-1])


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    costs=["IntegrityError"],
    so_what=(
        "If other programs insert users by SQL, give a value to every NOT NULL column. Django's "
        "default= is not in the database, unlike db_default=."
    ),
    source=docs("Model field reference", "db_default"),
)
def test_user_inserted_by_sql_with_two_columns():
    """What happens if an SQL INSERT names only the username and the password of a new user?"""
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
    so_what=(
        "If other programs insert users by SQL, let them insert the profile rows too: SQL sends "
        "no Django signals. A custom user has the fields in the same row."
    ),
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
    so_what=(
        "If you copy a user by setting user.pk = None, copy the profile row yourself. With a "
        "custom user, clear the extra fields that the copy should not have."
    ),
    source=docs("Making queries", "Copying model instances"),
)
def test_copied_account_has_the_birthdate(alice):
    """Code copies a user: it sets user.pk = None and a new username, then calls save(). Does the
    copy have the birthdate?"""
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
    so_what=(
        "After user.person = Person(...), call save() on the profile itself. The assignment "
        "stores nothing, and user.save() writes only the user's own row."
    ),
    source=docs("Making queries", "One-to-one relationships"),
)
def test_assigned_person_is_stored_with_the_user(alice):
    """Code assigns user.person = Person(birthdate=x) and calls user.save(). Is x stored?"""
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
    so_what=(
        "With a ForeignKey, set person.user before you save a new profile. With a OneToOneField, "
        "the assignment user.person = person also sets person.user."
    ),
    source=docs("One-to-one relationships"),
)
def test_saving_an_assigned_person(alice):
    """Code assigns user.person = Person(birthdate=x). What does user.person.save() do then?"""
    alice.person = person_class()(birthdate=NEW)
    return outcome(alice.person.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    costs=[False],
    so_what=(
        "If logs or caches depend on post_save, update them yourself after update(), because "
        "update() sends no signals."
    ),
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
    so_what=(
        "Filter before you call update() on a proxy. The rows of a proxy are the users "
        "themselves, so Player.objects.update() changes every account."
    ),
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
    so_what=(
        "Put the saves of a user and of a profile into one transaction.atomic(). Otherwise Django "
        "commits each save at once, and the first stays if the second fails."
    ),
    source=docs("Database transactions", "Django's default transaction behavior"),
)
def test_half_a_change_is_kept_outside_a_transaction(transactional_db, alice):
    """Code sets a new e-mail and an invalid birthdate, and saves without a transaction. Is the new
    e-mail stored?"""
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
    so_what=(
        "Call full_clean() on the profile too, or use a form for the profile. user.full_clean() "
        "checks only the user's own fields."
    ),
    source=docs("Model instance reference", "Validating objects"),
)
def test_full_clean_of_the_user_checks_the_birthdate(alice):
    """The birthdate on a custom user or on the profile object is invalid. What does
    user.full_clean() do?"""
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
    so_what=(
        "Put fields that change often into a profile. PostgreSQL writes a whole new row "
        "version for each change; with a custom user, of the row that logins read."
    ),
    source="PostgreSQL 18 docs, Heap-Only Tuples (HOT)",
)
def test_change_of_birthdate_rewrites_the_users_row(alice):
    """Does changing the birthdate make PostgreSQL write a new version of the row that contains the
    password?"""
    place = f"SELECT ctid FROM {User._meta.db_table} WHERE id = %s"
    before = rows(place, [alice.pk])
    roster.change("alice", birthdate=NEW)
    return rows(place, [alice.pk]) != before
