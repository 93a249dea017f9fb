"""How the program ends: errors on stderr or, for a few, on stdout; always status 1."""


class Fail(Exception):
    """A handled error: its text goes to stderr."""


class FailOnStdout(Exception):
    """One of the few whose text goes to stdout."""


class Usage(Exception):
    """The words fit no usage of the sub-command."""
