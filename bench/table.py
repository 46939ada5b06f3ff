"""Lines of the performance table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One job: ours, the limit measured in the same run, and the share of it that this project asks of itself."""

    job: str
    ours: str
    limit: str
    ratio: float
    target: float
    lower_is_better: bool = False

    @property
    def reached(self) -> bool:
        return self.ratio <= self.target if self.lower_is_better else self.ratio >= self.target

    def __str__(self) -> str:
        sign = "<=" if self.lower_is_better else ">="
        mark = "" if self.reached else "  NOT REACHED"
        ratio = f"{self.ratio:.2f}x" if self.lower_is_better else f"{self.ratio:.0%}"
        target = f"{sign} {self.target:.2f}x" if self.lower_is_better else f"{sign} {self.target:.0%}"
        return f"{self.job:<34} {self.ours:>22} {self.limit:>34} {ratio:>8} {target:>10}{mark}"


HEAD = f"{'job':<34} {'ours':>22} {'limit':>34} {'ratio':>8} {'target':>10}"
