"""Triggers and person go: strong locks, for a moment. On the way back person is empty."""

from moves import operations


class Migration(operations.Migration):
    dependencies = [("players", "0008_people_again_on_the_way_back")]

    operations = [
        operations.Reversed(operations.Mirror("user_id")),
        operations.DropModel("Person"),
    ]
