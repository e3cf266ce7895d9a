import datetime

import factory
from django.contrib.auth import get_user_model


class UserFactory(factory.django.DjangoModelFactory):
    """Create a user whose profile the project's own signal receiver creates.

    UserFactory(profile__birthdate=...) fills in the profile.
    """

    username = factory.Sequence("user{}".format)
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password("mage-hand-33")

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    @factory.post_generation
    def profile(self, create, extracted, **fields):
        if create:
            for name, value in {"birthdate": datetime.date(2010, 5, 4), **fields}.items():
                setattr(self.profile, name, value)
            self.profile.save()
