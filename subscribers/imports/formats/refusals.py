"""Why a child process gives a file back: a code that `sandbox` turns into the error of that code."""


class Refusal(Exception):
    """The file cannot be turned into a table; ``code`` is one of `problems`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
