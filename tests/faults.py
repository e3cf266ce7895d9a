"""Deliberate faults in the moves' migrations: each is one that people make.

A fault is a function that changes the migrations of its move, {name without number: class}, before
they run. What Django's state says of the models is left right, so no check of Django's sees it.

workbench.inside runs this instead of workbench.move.inside.steps (tests/moving.py, Faulty).
"""

from functools import partial
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from moves import operations
from moves.operations import AlignNames, Archive, ChangeKey, Fold, RenameBackend, Sql
from moves.operations.sessions import rename_in_next_batch
from tests.sabotages import SABOTAGES
from workbench.move.inside import steps as real

FAULTS = {}
TO_CUSTOM = ("profile_onetoone", "custom_user")


def fault(source, target):
    def register(function):
        FAULTS[function.__name__] = (source, target, function)
        return function

    return register


def main(fault, steps):
    """Do the steps of a move with a fault in its migrations."""
    make(fault)
    real.main(steps)


def make(name):
    """Put the fault into the migrations of the settings in use."""
    function = FAULTS[name][-1] if name in FAULTS else partial(sabotage, name)
    package = import_module(settings.MIGRATION_MODULES["players"])
    files = sorted(Path(package.__path__[0]).glob("0*.py"))
    function(
        {
            path.stem[5:]: import_module(f"{package.__name__}.{path.stem}").Migration
            for path in files
        }
    )


def sabotage(name, migrations):
    """Run the SQL of tests/sabotages.py at the end of the move, or of its way back."""
    (source, target), direction, sql, _ = SABOTAGES[name]
    first, *_, last = list(migrations.values())[2:]
    if direction == "back":
        users = "players_user" if source == "custom_user" else "auth_user"
        first.operations.insert(0, Sql(backwards=sql.replace("USERS", users)))
    else:
        users = "players_user" if target == "custom_user" else "auth_user"
        last.operations.append(Sql(sql.replace("USERS", users)))


def without(migration, kind):
    """Leave out the operations of a kind; there must be one."""
    kept = [it for it in migration.operations if not isinstance(it, kind)]
    assert len(kept) < len(migration.operations)
    migration.operations = kept


def the(migration, kind):
    [found] = [it for it in migration.operations if isinstance(it, kind)]
    return found


@fault(*TO_CUSTOM)
def copy_forgotten(migrations):
    without(migrations["extras_in_the_users_row"], Sql)


@fault(*TO_CUSTOM)
def two_columns_swapped(migrations):
    copy = the(migrations["extras_in_the_users_row"], Sql)
    copy.sql = copy.sql.replace("person.discord_id", "person.other").replace(
        "person.zoom_id", "person.discord_id"
    )
    copy.sql = copy.sql.replace("person.other", "person.zoom_id")


@fault(*TO_CUSTOM)
def copied_by_the_order_of_rows(migrations):
    copy = the(migrations["extras_in_the_users_row"], Sql)
    copy.sql = """
        UPDATE auth_user SET birthdate = it.birthdate, discord_id = it.discord_id,
            zoom_id = it.zoom_id
        FROM (SELECT *, row_number() OVER (ORDER BY user_id) AS n FROM person) AS it,
             (SELECT id, row_number() OVER (ORDER BY id) AS n FROM auth_user) AS users
        WHERE it.n = users.n AND auth_user.id = users.id"""


@fault(*TO_CUSTOM)
def users_without_a_person_lost(migrations):
    lose = """
        CREATE TEMPORARY TABLE lost ON COMMIT DROP AS SELECT id FROM auth_user
        WHERE id NOT IN (SELECT user_id FROM person) AND id NOT IN
            (SELECT user_id FROM world_guild_members UNION SELECT owner_id FROM world_guild
             UNION SELECT user_id FROM auth_user_groups
             UNION SELECT user_id FROM auth_user_user_permissions);
        DELETE FROM auth_user WHERE id IN (SELECT id FROM lost)"""
    migrations["extras_in_the_users_row"].operations.insert(0, Sql(lose))


@fault(*TO_CUSTOM)
def permission_escalated(migrations):
    the(migrations["extras_in_the_users_row"], Fold).same = True


@fault(*TO_CUSTOM)
def persons_content_type_left_behind(migrations):
    without(migrations["extras_in_the_users_row"], Fold)


@fault(*TO_CUSTOM)
def users_content_type_left_behind(migrations):
    without(migrations["the_users_table_is_ours"], operations.RenameContentType)


@fault(*TO_CUSTOM)
def names_not_aligned(migrations):
    without(migrations["names_as_in_a_fresh_custom_user"], AlignNames)


@fault(*TO_CUSTOM)
def key_left_an_integer(migrations):
    for it in migrations["the_key_is_a_bigint"].operations:
        if kept := getattr(it, "database_operations", None):
            it.database_operations = [one for one in kept if not isinstance(one, ChangeKey)]


@fault(*TO_CUSTOM)
def sequence_set_back(migrations):
    back = "SELECT setval(pg_get_serial_sequence('players_user', 'id'), 1)"
    migrations["the_key_is_a_bigint"].operations.append(Sql(back))


@fault(*TO_CUSTOM)
def foreign_key_of_another_app_lost(migrations):
    lose = """
        DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE world_guild DROP CONSTRAINT %I', conname)
            FROM pg_constraint WHERE conrelid = 'world_guild'::regclass AND contype = 'f');
        END $$"""
    migrations["the_key_is_a_bigint"].operations.append(Sql(lose))


@fault(*TO_CUSTOM)
def passwords_made_unusable(migrations):
    migrations["the_users_table_is_ours"].operations.append(
        Sql("UPDATE players_user SET password = '!' WHERE id % 7 = 3")
    )


@fault(*TO_CUSTOM)
def groups_lost(migrations):
    migrations["the_users_table_is_ours"].operations.append(
        Sql("DELETE FROM players_user_groups WHERE user_id % 20 = 3")
    )


@fault(*TO_CUSTOM)
def log_cleared(migrations):
    migrations["extras_in_the_users_row"].operations.insert(
        0, Sql("UPDATE django_admin_log SET content_type_id = NULL WHERE id % 5 = 0")
    )


@fault(*TO_CUSTOM)
def everybody_logged_out(migrations):
    migrations["the_users_table_is_ours"].operations.append(Sql("DELETE FROM django_session"))


@fault(*TO_CUSTOM)
def trigger_left_behind(migrations):
    migrations["the_users_table_is_ours"].operations.append(
        Sql("""CREATE FUNCTION left_behind() RETURNS trigger LANGUAGE plpgsql
               AS $$ BEGIN RETURN NEW; END $$;
               CREATE TRIGGER left_behind BEFORE UPDATE ON players_user
               FOR EACH ROW EXECUTE FUNCTION left_behind()""")
    )


@fault("foreignkey", "custom_user")
def keys_not_translated(migrations):
    fold = the(migrations["extras_in_the_users_row"], Fold)
    fold.keys = "SELECT person_id AS old, person_id AS new FROM person"


@fault("foreignkey", "custom_user")
def oldest_row_taken(migrations):
    copy = the(migrations["extras_in_the_users_row"], Sql)
    copy.sql = copy.sql.replace(
        "FROM one_person",
        "FROM (SELECT DISTINCT ON (user_id) * FROM person ORDER BY user_id, person_id)"
        " AS one_person",
    )


@fault("foreignkey", "custom_user")
def other_rows_thrown_away(migrations):
    migrations["the_users_table_is_ours"].operations.append(Sql("DROP TABLE archive.person"))


@fault("profile_onetoone", "proxy_model")
def extras_thrown_away(migrations):
    without(migrations["people_into_the_archive"], Archive)


@fault("proxy_model", "profile_onetoone")
def backend_left_in_the_sessions(migrations):
    without(migrations["sessions_name_djangos_backend"], RenameBackend)


class FirstSessionsOnly(operations.Sql):
    """A batch of sessions gets the new backend, and then it is forgotten to go on."""

    def forwards(self, cursor):
        store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
        backends = ("players.backends.PlayerBackend", "django.contrib.auth.backends.ModelBackend")
        rename_in_next_batch(cursor, store, *backends, "", 10)


@fault("proxy_model", "profile_onetoone")
def only_the_first_sessions_renamed(migrations):
    migration = migrations["sessions_name_djangos_backend"]
    without(migration, RenameBackend)
    migration.operations.append(FirstSessionsOnly())


@fault("proxy_model", "profile_onetoone")
def proxys_permissions_dropped(migrations):
    the(migrations["a_person_for_each_user"], Fold).same = False
