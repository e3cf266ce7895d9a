"""Writing"""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import F, OuterRef, Subquery
from django.db.models.signals import post_save
from players import roster

from suite.article import person_saved_with_user
from suite.compare import CANNOT, NotPossible, compare, docs
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
    """What names the user in a row that holds extras."""
    return {"user": user} if PlayerModel.__name__ == "Person" else {"username": user.username}


def columns_set(sql):
    """The columns that an UPDATE sets."""
    return re.findall(r'"(\w+)" = ', sql.partition(" SET ")[2].partition(" WHERE ")[0])


def birthdate_stored_for(username):
    return User.objects.values_list(path("birthdate"), flat=True).get(username=username)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    mark="known",
    so_what="Two tables mean two writes, and so a transaction around them.",
)
def test_writes_to_change_email_and_birthdate(alice, statements):
    """How many statements write when a player's e-mail and birthdate are changed together?"""
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
    so_what="A profile row costs no more statements than a custom user. But with a custom user, an "
    "edit locks and rewrites the row that holds the password.",
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
    so_what="save() writes the row of its own object only: a related object has a save() of its "
    "own, and forgetting it gives no error.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras(alice):
    """Is user.person.birthdate = x (a custom user's: user.birthdate = x) stored by user.save()?"""
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
    so_what="This is why the article's view works without saving the person: its receiver does. "
    "With a ForeignKey it saves a row that it reads anew, and x is lost.",
    source=docs("Customizing authentication in Django", "Extending the existing User model"),
)
def test_saving_the_user_stores_the_extras_by_the_articles_signal(alice):
    """With the article's signal: does user.person.birthdate = x, then user.save(), store x?"""
    with person_saved_with_user():
        extras_of(alice).birthdate = NEW
        alice.save()
    return birthdate_stored_for("alice") == NEW


@compare(
    proxy_model="silently lost",
    profile_onetoone="silently lost",
    custom_user="stored",
    foreignkey="silently lost",
    mark="surprising",
    so_what="A Python object takes any attribute: outside the custom user, a birthdate set on "
    "the user is gone with the object, without a word.",
)
def test_birthdate_set_on_the_user_itself(alice):
    """What becomes of user.birthdate = x after user.save()?"""
    alice.birthdate = NEW
    alice.save()
    again = User.objects.get(pk=alice.pk)
    kept = getattr(extras_of(again), "birthdate", None)
    return "stored" if kept == NEW else "silently lost"


@compare(
    proxy_model="ValueError",
    profile_onetoone="ValueError",
    custom_user="accepted",
    foreignkey="ValueError",
    so_what="Naming the fields in update_fields turns the silent loss into an error.",
    source='Django 5.2 docs, "Model instance reference", section "Specifying which fields to save"',
)
def test_birthdate_named_in_update_fields(alice):
    """What comes of user.birthdate = x; user.save(update_fields=["birthdate"])?"""
    alice.birthdate = NEW
    return outcome(lambda: alice.save(update_fields=["birthdate"]))


@compare(
    proxy_model="FieldDoesNotExist",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    so_what="update() reaches the columns of one table: for the extras, start from their class.",
    source='Django 5.2 docs, "Making queries", section "Updating multiple objects at once"',
)
def test_update_of_an_extra_over_users(alice):
    """What comes of User.objects.update() of an extra (birthdate=, person__birthdate=)?"""
    return outcome(lambda: User.objects.filter(pk=alice.pk).update(**{path("birthdate"): NEW}))


@compare(
    proxy_model="accepted",
    profile_onetoone="FieldDoesNotExist",
    custom_user="accepted",
    foreignkey="FieldDoesNotExist",
    so_what="What can be filtered across the link (user__username) cannot be updated across it.",
    source='Django 5.2 docs, "Making queries", section "Updating multiple objects at once"',
)
def test_update_of_the_username_through_the_listed_class(alice):
    """What comes of update() of the username through the variant's own class (Player, Person)?"""
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
    so_what="Django's UPDATE has no FROM: F() may name columns of the updated table only.",
    source='Django 5.2 docs, "Making queries", section "Updating multiple objects at once"',
)
def test_update_of_an_extra_from_a_user_column(alice):
    """What comes of update(discord_id=F(username)), which copies a column of the user?"""
    username = F("user__username" if PlayerModel.__name__ == "Person" else "username")
    extras = extras_class().objects
    return outcome(lambda: extras.update(discord_id=username))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="The way around the ban on F() across a link is a Subquery; one UPDATE still does.",
    source="Django ticket #14104",
)
def test_update_of_an_extra_by_a_subquery(alice):
    """Can update() copy the username into the Discord ID by a Subquery?"""
    link = "user" if PlayerModel.__name__ == "Person" else "pk"
    name = User.objects.filter(pk=OuterRef(link)).values("username")
    extras_class().objects.update(discord_id=Subquery(name))
    return User.objects.filter(**{path("discord_id"): "alice"}).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what="Django puts the other table into a subquery, WHERE id IN (SELECT ...).",
    source=docs("Making queries", "Updating multiple objects at once"),
)
def test_update_filtered_by_an_extra_needs_a_subquery(alice, statements):
    """Does the UPDATE that deactivates all born after 2000 contain a subquery?"""
    statements.clear()
    User.objects.filter(**{path("birthdate") + "__year__gt": 2000}).update(is_active=False)
    (update,) = statements
    return "IN (SELECT" in update


@compare(
    proxy_model=CANNOT,
    profile_onetoone=0,
    custom_user=3,
    foreignkey=0,
    so_what="bulk_create() sends no signals: who makes users in bulk must make the people too.",
    source='Django 5.2 docs, "QuerySet API reference", section "bulk_create()"',
)
def test_extras_rows_after_bulk_create_of_users():
    """After bulk_create() of three users: how many of them have a row for their extras?"""
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
    so_what="bulk_update() too writes one table: the people must be loaded and updated instead.",
    source='Django 5.2 docs, "QuerySet API reference", section "bulk_update()"',
)
def test_bulk_update_of_birthdates_on_users(alice):
    """What comes of User.objects.bulk_update(users, ["birthdate"])?"""
    alice.birthdate = NEW
    return outcome(lambda: User.objects.bulk_update([alice], ["birthdate"]))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="ProgrammingError",
    so_what="ON CONFLICT needs a unique index to conflict with: without one there is no upsert.",
    source='PostgreSQL 18 docs, INSERT, section "ON CONFLICT Clause"',
)
def test_upsert_of_extras(alice):
    """What comes of an upsert of a player's extras: bulk_create(update_conflicts=True)?"""
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
    so_what="The user is the person's primary key, and save() with a key that exists is an "
    "UPDATE of all columns: what the new object does not know is erased. A foreign key gets a "
    "second row.",
    source='Django 5.2 docs, "Model instance reference", section '
    '"How Django knows to UPDATE vs. INSERT"',
)
def test_discord_ids_after_saving_a_new_person(alice):
    """A player has a Discord ID; which ones after Person(user=user, birthdate=x).save()?"""
    person_class()(user=alice, birthdate=NEW).save()
    people = person_class().objects.filter(user=alice).order_by("pk")
    return list(people.values_list("discord_id", flat=True))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user=CANNOT,
    foreignkey="accepted",
    so_what="create() forces an INSERT, so the primary key stops it, where save() overwrites.",
    source='Django 5.2 docs, "QuerySet API reference", section "create()"',
)
def test_creating_a_person_for_a_player_who_has_one(alice):
    """What comes of Person.objects.create(user=user) for a user who has a person?"""
    create = person_class().objects.create
    return outcome(lambda: create(user=alice))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["alice", "bob"],
    custom_user=CANNOT,
    foreignkey=["bob"],
    mark="surprising",
    so_what="Where the link is the primary key, another user means another row: save() copies "
    "over the other player's extras and leaves the old row. A foreign key is moved.",
    source='Django 5.2 docs, "One-to-one relationships"',
)
def test_owners_after_giving_a_person_to_another_user(alice):
    """Alice's person gets person.user = bob and is saved: who has Alice's Discord ID then?"""
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
    so_what="save() writes all columns as they were when loaded, the password too: in a custom "
    "user save with update_fields, or the roster's update().",
    source='Django 5.2 docs, "Model instance reference", section "Specifying which fields to save"',
)
def test_stale_save_of_a_birthdate_undoes_a_new_password(alice):
    """The extras are loaded, the password is changed elsewhere, a birthdate is set and save()d:
    is the old password back?"""
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
    so_what="A user may have no person, so the join is an outer one, and PostgreSQL does not "
    "lock the side of it that may be missing.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_for_update()"',
)
def test_locking_a_user_joined_with_the_extras(alice):
    """What comes of select_for_update() of a user, joined with the birthdate?"""
    players = User.objects.select_for_update().annotate(born=F(path("birthdate")))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what="of=('self',) locks the user's row alone, and that suffices if everybody locks it.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_for_update()"',
)
def test_locking_only_the_user_of_a_join(alice):
    """What comes of select_for_update(of=("self",)) of a user, joined with the birthdate?"""
    players = User.objects.select_for_update(of=("self",)).annotate(born=F(path("birthdate")))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="NotSupportedError",
    custom_user=CANNOT,
    foreignkey="FieldError",
    so_what="To lock the extras, start from the person, or exclude(person=None) first.",
    source='Django 5.2 docs, "QuerySet API reference", section "select_for_update()"',
)
def test_locking_only_the_extras_of_a_join(alice):
    """What comes of User.objects.select_related("person").select_for_update(of=("person",))?"""
    person_class()
    players = User.objects.select_related("person").select_for_update(of=("person",))
    return outcome(lambda: players.get(pk=alice.pk))


@compare(
    proxy_model=10,
    profile_onetoone=10,
    custom_user=13,
    foreignkey=10,
    so_what="Each further attribute of a custom user is written again at every user.save().",
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
    so_what="A login names its one field, so it cannot undo a change of another.",
    source="Django 5.2 source, django.contrib.auth.models.update_last_login",
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
    so_what="Every login saves last_login, so with the article's signal every login reads and "
    "rewrites the person; `if created` avoids both.",
    source="Django 5.2 source, django.contrib.auth.models.update_last_login",
)
def test_further_statements_by_the_articles_signal(alice, statements):
    """With the article's signal: how many further statements does it take to save last_login?"""
    with person_saved_with_user():
        statements.clear()
        alice.save(update_fields=["last_login"])
    return len(statements) - 1


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="refresh_from_db() drops related objects from memory, to be read anew when needed.",
    source='Django 5.2 docs, "Model instance reference", section '
    '"Refreshing objects from database"',
)
def test_refreshing_the_user_refreshes_the_extras(alice):
    """The birthdate was read and then changed elsewhere: is it new after user.refresh_from_db()?"""
    assert extras_of(alice).birthdate == ALICE["birthdate"]
    roster.change("alice", birthdate=NEW)
    alice.refresh_from_db()
    return extras_of(alice).birthdate == NEW


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="MultipleObjectsReturned",
    so_what="update_or_create() relies on a unique column; where none is, a second row once "
    "made breaks every later call.",
    source='Django 5.2 docs, "QuerySet API reference", section "update_or_create()"',
)
def test_update_or_create_after_a_second_row_was_tried(alice):
    """Second extras were tried for one player: what comes of update_or_create() afterwards?"""
    extras, mine = extras_class().objects, owned_by(alice)
    saw(outcome(lambda: extras.create(**mine)))
    return outcome(lambda: extras.update_or_create(**mine, defaults={"birthdate": NEW}))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["birthdate"],
    custom_user=["last_login", "date_joined", "birthdate"],
    foreignkey=["birthdate"],
    mark="surprising",
    so_what="It writes its defaults, and each field whose class has a pre_save of its own (all "
    "dates, for auto_now); the row was locked before, so nothing old comes back.",
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
    so_what="Django's defaults live in Python: another program that writes users must name every "
    "column, in all four.",
    source='Django 5.2 docs, "Model field reference", section "db_default"',
)
def test_user_inserted_by_sql_with_two_columns():
    """What comes of an INSERT in SQL of a user with a username and a password only?"""
    insert = f"INSERT INTO {User._meta.db_table} (username, password) VALUES ('zoe', '')"
    return outcome(lambda: rows(insert))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="Signals are Python: a user who comes by SQL has a row for the extras only where "
    "it is the user's own.",
    source=docs("Signals", "post_save"),
)
def test_user_inserted_by_sql_has_an_extras_row():
    """Does a user inserted by SQL, with all required columns, have a row for their extras?"""
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
    so_what="A copy has the fields of its own row, not what points at it: a custom user's "
    "Discord ID is copied too, wanted or not.",
    source='Django 5.2 docs, "Making queries", section "Copying model instances"',
)
def test_copied_account_has_the_birthdate(alice):
    """An account is copied by user.pk = None and save(): does the copy have the birthdate?"""
    alice.pk = None
    alice.username = "copy"
    alice.save()
    return birthdate_stored_for("copy") == ALICE["birthdate"]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=CANNOT,
    foreignkey=False,
    so_what="Assigning links two objects in memory (with a ForeignKey not even that: the "
    "accessor is person_set); only saving the person stores it.",
    source=docs("Making queries", "One-to-one relationships"),
)
def test_assigned_person_is_stored_with_the_user(alice):
    """After user.person = Person(birthdate=x) and user.save(): is x stored?"""
    alice.person = person_class()(birthdate=NEW)
    alice.save()
    return person_class().objects.filter(birthdate=NEW).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="IntegrityError",
    so_what="Only the one-to-one accessor sets person.user; on a ForeignKey user.person is an "
    "attribute that Django knows nothing of.",
    source='Django 5.2 docs, "One-to-one relationships"',
)
def test_saving_an_assigned_person(alice):
    """After user.person = Person(birthdate=x): what comes of user.person.save()?"""
    alice.person = person_class()(birthdate=NEW)
    return outcome(alice.person.save)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    so_what="What hangs on post_save (a log, a cache) hears nothing of update().",
    source='Django 5.2 docs, "QuerySet API reference", section "update()"',
)
def test_update_of_all_birthdates_sends_post_save(alice):
    """Is post_save sent when update() sets everybody's birthdate?"""
    with heard(post_save) as senders:
        assert extras_class().objects.update(birthdate=NEW)
    return bool(senders)


@compare(
    proxy_model="UPDATE auth_user",
    profile_onetoone="UPDATE person",
    custom_user="UPDATE players_user",
    foreignkey="UPDATE person",
    mark="known",
    so_what="A proxy's rows are the accounts themselves: what is done to all players is done to "
    "all users.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_table_updated_through_the_listed_class(alice, statements):
    """Which table does an update() through the variant's own class (Player, Person, User) write?"""
    name = PlayerModel._meta.concrete_fields[-1].name
    statements.clear()
    assert PlayerModel.objects.update(**{name: F(name)})
    return statements.verbs()[0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    so_what="Django commits each statement by itself: only one row is all or nothing without "
    "transaction.atomic.",
    source='Django 5.2 docs, "Database transactions", section '
    '"Django\'s default transaction behavior"',
)
def test_half_a_change_is_kept_outside_a_transaction(transactional_db, alice):
    """User and extras are saved without a transaction, the birthdate is no date: is the new
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
    so_what="full_clean() looks at the fields of its own model: extras in another table need "
    "a full_clean() (or a form) of their own.",
    source='Django 5.2 docs, "Model instance reference", section "Validating objects"',
)
def test_full_clean_of_the_user_checks_the_birthdate(alice):
    """A birthdate that is no date is set on the extras: what does user.full_clean() say?"""
    extras_class()
    extras_of(alice).birthdate = "31 February"
    return outcome(alice.full_clean)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="PostgreSQL stores a changed row anew, whole: in one wide table each edit of a "
    "profile rewrites the row that every login reads.",
    source="PostgreSQL 18 docs, Heap-Only Tuples (HOT)",
)
def test_change_of_birthdate_rewrites_the_users_row(alice):
    """Does a change of birthdate write a new version of the row that holds the password?"""
    place = f"SELECT ctid FROM {User._meta.db_table} WHERE id = %s"
    before = rows(place, [alice.pk])
    roster.change("alice", birthdate=NEW)
    return rows(place, [alice.pk]) != before
