"""Content types on the move, with all that hangs on them."""

from django.db import connections, transaction
from django.db.models.signals import post_migrate

from moves.operations import gradually, permissions, references
from moves.operations.archive import close_archive
from moves.operations.base import Step, is_there, rows


class RenameContentType(Step):
    """Rename a content type. Its row keeps its id, so whatever points at it still does.

    new_is_known: code runs that has found the new one, which Django made meanwhile, and remembers
    its id: then that row stays, and what points at the old one moves, in batches. For a migration
    with atomic = False, then.
    """

    def __init__(self, old, new, *, new_is_known=False):
        self.old = old
        self.new = new
        self.new_is_known = new_is_known
        self.atomic = not new_is_known

    def forwards(self, cursor):
        both = [found(cursor, self.old), found(cursor, self.new)]
        merges = self.new_is_known and None not in both
        if merges:
            gradually.rename(cursor, *both)
        with transaction.atomic(using=cursor.db.alias):
            (merge if merges else rename)(cursor, self.old, self.new)

    def backwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            rename(cursor, self.new, self.old)
        delete_when_made_again(self.new)

    def describe(self):
        return f"Rename the content type {self.old} to {self.new}"


class OneContentType(Step):
    """On the way back: what the new code has said of its users is said of Django's user.

    For who turns back while both codes run, each with a content type of its own. in_batches: only
    the rows that say it, before the rest is done; for a migration with atomic = False.
    """

    def __init__(self, old, new, *, in_batches=False):
        self.old = old
        self.new = new
        self.in_batches = in_batches
        self.atomic = not in_batches

    def forwards(self, cursor):
        pass

    def backwards(self, cursor):
        if not self.in_batches:
            merge(cursor, self.new, into=self.old)
            delete_when_made_again(self.new)
            return
        both = [found(cursor, self.new), found(cursor, self.old)]
        if None not in both:
            gradually.rename(cursor, *both)

    def describe(self):
        return f"Merge the content type {self.new} into {self.old} on the way back"


def delete_when_made_again(label):
    """Delete a content type that Django makes at the end of this `migrate`.

    On the way back its state still knows the model; the site's own code, from then on, does not.
    """

    def delete_it(using, **kwargs):
        with connections[using].cursor() as cursor:
            number = found(cursor, label)
            if number is not None and not references.exist(cursor, number):
                delete(cursor, number)

    post_migrate.connect(delete_it, weak=False, dispatch_uid=f"delete {label}")


class Fold(Step):
    """Fold one content type into another; what has no place there waits in the archive.

    Log entries and generic rows point at the other from then on. keys: SQL that gives old and new
    of each object; then nobody gets the other's permissions for the ones that he holds, which wait
    in the archive. Without it both name the same rows by the same keys, as a proxy and its user
    do: then a holder of the one's permissions holds the other's.

    Backwards, each points again at what it did before. A permission that was taken away meanwhile
    stays taken away. hand_out: where none were kept, holders of the user's permissions get the
    others too: they could edit these columns before.

    in_batches: log entries and generic rows are written anew in batches, each committed, before the
    rest is done in one transaction. For a migration with atomic = False.
    """

    def __init__(self, old, into, keys=None, *, hand_out=False, in_batches=False):
        self.old = old
        self.into = into
        self.keys = keys
        self.same = keys is None
        self.hand_out = hand_out or self.same
        self.in_batches = in_batches
        self.atomic = not in_batches

    def forwards(self, cursor):
        old = found(cursor, self.old)
        if old is None:
            return
        into = found(cursor, self.into) or make(cursor, self.into)
        if self.in_batches:
            open_archive(cursor)
            gradually.move(cursor, self.old, old, into, self.keys)
        with transaction.atomic(using=cursor.db.alias):
            self.fold(cursor, old, into)

    def fold(self, cursor, old, into):
        open_archive(cursor)
        cursor.execute("INSERT INTO archive.content_type VALUES (%s, %s)", [self.old, old])
        permissions.keep(cursor, self.old, old, into)
        references.remember(cursor, self.old, old)
        if self.keys:
            references.move(cursor, old, into, self.keys)
        else:
            references.rename(cursor, old, into)
        if self.same:
            permissions.copy(cursor, old, into)
        delete(cursor, old)
        close_archive(cursor)

    def backwards(self, cursor):
        into = found(cursor, self.into)
        if into is None:
            return
        with transaction.atomic(using=cursor.db.alias):
            old = self.again(cursor, into)
        if self.in_batches:
            gradually.put_back(cursor, self.old, old)
        with transaction.atomic(using=cursor.db.alias):
            references.put_back(cursor, self.old, old)
            close_archive(cursor)

    def again(self, cursor, into):
        """The content type that was folded, made again with its id and permissions; its id.

        If it is there and nothing of it is kept, that was done before, by a `migrate` that was
        stopped: nobody gets anything twice.
        """
        open_archive(cursor)
        old = found(cursor, self.old)
        kept = rows(cursor, TAKE_BACK, [self.old])
        if old and not kept:
            return old
        old = old or make(cursor, self.old, *(kept[0] if kept else ()))
        permissions.make(cursor, self.old, old)
        if kept:
            permissions.give_back(cursor, self.old, old, into, same=self.same)
        elif self.hand_out:
            permissions.copy(cursor, into, old)
        return old

    def describe(self):
        return f"Fold the content type {self.old} into {self.into}"


TAKE_BACK = "DELETE FROM archive.content_type WHERE label = %s RETURNING id"


class Unfold(Step):
    """On the way back: undo what a Fold in batches had done when it was stopped, and not run again.

    It is not recorded then, so it is not undone by itself. For a migration with atomic = False.
    """

    atomic = False

    def __init__(self, label):
        self.label = label

    def forwards(self, cursor):
        pass

    def backwards(self, cursor):
        number = found(cursor, self.label)
        if number is None or not is_there(cursor, "archive.reference"):
            return
        gradually.put_back(cursor, self.label, number)
        with transaction.atomic(using=cursor.db.alias):
            references.put_back(cursor, self.label, number)
            close_archive(cursor)

    def describe(self):
        return f"Undo what was folded of {self.label} halfway"


class Translate(Step):
    """Write other keys wherever a content type's objects are named by key: they have new ones.

    keys, keys_back: SQL that gives old and new of each object, run when both are known.
    """

    def __init__(self, model, keys, keys_back):
        self.model = model
        self.keys = keys
        self.keys_back = keys_back

    def forwards(self, cursor):
        self.translate(cursor, self.keys, self.model, f"{self.model}, back")

    def backwards(self, cursor):
        self.translate(cursor, self.keys_back, f"{self.model}, back", self.model)

    def translate(self, cursor, keys, remember_as, remembered_as):
        """Each way remembers what the other gets back: several keys may become one."""
        number = found(cursor, self.model)
        if number is None:
            return
        open_archive(cursor)
        references.remember(cursor, remember_as, number)
        references.translate(cursor, number, keys, remembered_as)
        close_archive(cursor)

    def describe(self):
        return f"Translate the keys of {self.model}"


def found(cursor, label):
    """The id of a content type, "app.model", or None."""
    if not is_there(cursor, "django_content_type"):
        return None
    ids = rows(
        cursor,
        "SELECT id FROM django_content_type WHERE app_label = %s AND model = %s",
        label.split("."),
    )
    return ids[0][0] if ids else None


def make(cursor, label, number=None):
    """Make a content type, with its former id if that is known; returns its id."""
    columns, values = ("id, ", "%s, ") if number else ("", "")
    sql = f"INSERT INTO django_content_type ({columns}app_label, model) VALUES ({values}%s, %s)"
    given = [number] if number else []
    return rows(cursor, f"{sql} RETURNING id", [*given, *label.split(".")])[0][0]


def rename(cursor, old, new):
    """One of the new name may be there: Django makes what is missing whenever somebody migrates."""
    number, surplus = found(cursor, old), found(cursor, new)
    if number is None:
        return
    if surplus is not None:
        merge(cursor, new, old)
    cursor.execute(
        "UPDATE django_content_type SET app_label = %s, model = %s WHERE id = %s",
        [*new.split("."), number],
    )


def merge(cursor, label, into):
    """Let all that is said of the one be said of the other, who hold its permissions hold those."""
    number, other = found(cursor, label), found(cursor, into)
    if number is None:
        return
    references.rename(cursor, number, other)
    permissions.copy(cursor, number, other)
    delete(cursor, number)


def delete(cursor, number):
    permissions.delete(cursor, number)
    cursor.execute("DELETE FROM django_content_type WHERE id = %s", [number])


def open_archive(cursor):
    cursor.execute("""
        CREATE SCHEMA IF NOT EXISTS archive;
        CREATE TABLE IF NOT EXISTS archive.content_type (label text, id integer);
        CREATE TABLE IF NOT EXISTS archive.permission
            (label text, id integer, name text, codename text);
        CREATE TABLE IF NOT EXISTS archive.holder
            (label text, side text, grants text, holder bigint, action text);
        CREATE TABLE IF NOT EXISTS archive.reference
            (label text, rel text, key text, object text);
    """)
