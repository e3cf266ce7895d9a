"""A visitor who goes on while a move runs: registers, logs in, edits, reads, ten times a second.

    python tests/probing.py DATABASE NAME

in the environment of the old or of the new code. Stops when its input ends; prints as JSON what it
wrote last into each player, its errors, and its longest wait in seconds.
"""

import json
import select
import sys
import time

from workbench.inside import move

PAUSE = 0.1


def main():
    database, name = sys.argv[1:]
    move.set_up({"database": database, "world": True})
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from django.test import Client
    from players import roster

    wrote, errors, waits, number = {}, [], [], 0
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        number += 1
        began = time.monotonic()
        mine = f"{name}{number // 4:05}"
        try:
            if number % 4 == 0 or not wrote:
                number -= number % 4
                mine = f"{name}{number // 4:05}"
                roster.register(mine, "The dragon sleeps at 9", discord_id=str(number))
                wrote[mine] = str(number)
            elif number % 4 == 1:
                assert roster.change(mine, discord_id=f"{number}000"), "nobody to change"
                wrote[mine] = f"{number}000"
            elif number % 4 == 2:
                found = roster.find(mine)
                assert found["discord_id"] == wrote[mine], f"read {found}, wrote {wrote[mine]}"
            else:
                assert Client().login(username=mine, password="The dragon sleeps at 9"), "no login"
        except Exception as error:
            errors.append(f"{number}: {type(error).__name__}: {error}"[:300])
        waits.append(time.monotonic() - began)
    print(
        json.dumps({"wrote": wrote, "errors": errors, "longest": max(waits), "times": len(waits)})
    )


if __name__ == "__main__":
    main()
