"""What a suite counted."""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Tests passed, failed and skipped, why some did not run, and how many of those that passed are scenarios."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    why: list = field(default_factory=list)
    scenarios: int = 0

    def __add__(self, other):
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.why + other.why,
            self.scenarios + other.scenarios,
        )
