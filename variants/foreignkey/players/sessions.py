"""Django's sessions in the database, a new one written once.

Django stores a new session empty when somebody logs in, after a SELECT that looks whether its key
is free, and writes it again when the response leaves. Here it is stored when the response leaves,
and its primary key says whether the key is free. As this is one statement, it needs no BEGIN and
COMMIT around it, each of which PostgreSQL would have to be asked for.
"""

from django.contrib.sessions.backends import base, db
from django.db import IntegrityError
from django.utils.crypto import get_random_string


class SessionStore(db.SessionStore):
    def cycle_key(self):
        """Change the key of a stored session; one that is not stored yet has none."""
        if self.session_key:
            super().cycle_key()

    def save(self, must_create=False):
        """A new session is one INSERT. Raises CreateError if its key is taken."""
        if not must_create:
            return super().save()
        session = self.create_model_instance(self._get_session(no_load=True))
        try:
            session.save(force_insert=True)
        except IntegrityError as taken:
            raise base.CreateError from taken

    def _get_new_session_key(self):
        return get_random_string(32, base.VALID_KEY_CHARS)
