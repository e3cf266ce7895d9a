from django.conf import settings
from django.db import migrations


def create_missing_profiles(apps, schema_editor):
    """Create an empty profile for each user who has none. It does no harm to run it again."""
    User = apps.get_model(settings.AUTH_USER_MODEL)
    Profile = apps.get_model("accounts", "Profile")
    ids = User.objects.filter(profile=None).values_list("pk", flat=True)
    # a user who registers meanwhile gets the profile from the receiver
    Profile.objects.bulk_create(
        [Profile(user_id=pk) for pk in ids], batch_size=1000, ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(create_missing_profiles, migrations.RunPython.noop)]
