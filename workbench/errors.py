"""What the user can put right is one exception, whose message is the sentence that they read."""


class WorkbenchError(Exception):
    """Something that the user can put right; the message says what happened and what to do."""
