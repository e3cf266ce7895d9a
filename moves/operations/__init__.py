"""What the twelve moves are made of: a few reversible operations for Django's migrations.

Each looks at PostgreSQL's catalogs instead of trusting names, and does nothing where there is
nothing to do: so the same migrations run on a site's database and on a fresh one.
"""

from moves.operations.archive import Archive
from moves.operations.base import Refused, Reversed, Sql
from moves.operations.checks import LookFirst
from moves.operations.content_types import (
    Fold,
    OneContentType,
    RenameContentType,
    Translate,
    Unfold,
)
from moves.operations.copying import ArchivedExtras, ArchivePeople, CopyPeople, PeopleAgain
from moves.operations.indexes import WriteAll
from moves.operations.keys import ChangeKey, RenameTables
from moves.operations.locks import DropModel, Lock, SqlBriefly
from moves.operations.migration import Migration
from moves.operations.mirror import Mirror
from moves.operations.names import AlignNames
from moves.operations.people import OneOfMany, WithoutPerson
from moves.operations.sessions import RenameBackend

__all__ = [
    "AlignNames",
    "Archive",
    "ArchivePeople",
    "ArchivedExtras",
    "ChangeKey",
    "CopyPeople",
    "DropModel",
    "Fold",
    "Lock",
    "LookFirst",
    "Migration",
    "Mirror",
    "OneContentType",
    "OneOfMany",
    "PeopleAgain",
    "Refused",
    "RenameBackend",
    "RenameContentType",
    "RenameTables",
    "Reversed",
    "Sql",
    "SqlBriefly",
    "Translate",
    "Unfold",
    "WithoutPerson",
    "WriteAll",
]
