import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Nobody writes a profile until this migration commits. Readers wait for its last operation only.
LOCK = "LOCK TABLE accounts_profile IN SHARE ROW EXCLUSIVE MODE"

FIELDS = ["birthdate", "discord_id"]


def keep_one_profile(apps, schema_editor):
    """Keep each user's newest profile, and fill its blanks from the older ones."""
    Profile = apps.get_model("accounts", "Profile")
    users = Profile.objects.values("user").annotate(rows=models.Count("pk")).filter(rows__gt=1)
    for user in users.values_list("user", flat=True):
        newest, *older = Profile.objects.filter(user=user).order_by("-pk")
        for profile in older:
            for field in FIELDS:
                if getattr(newest, field) in (None, ""):
                    setattr(newest, field, getattr(profile, field))
            profile.delete()
        newest.save()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.RunPython(keep_one_profile, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="profile",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
