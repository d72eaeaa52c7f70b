"""What stops the stack, as one sentence that says what to do: never a stack trace."""


class Refused(Exception):
    """The stack cannot go on; `str()` of it is printed to the person as it stands."""
