"""How fast to learn: the rates of a range test, and a schedule that rises and falls."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given

RANGES = [(1e-2, 1.0, 3), (1e-5, 1.0, 6), (1e-4, 0.1, 2), (3e-4, 0.3, 7), (1e-6, 10.0, 100)]  # low, high, steps


def _ranges(seed: int):
    low, high, steps = RANGES[seed]
    return given(low, high, steps, note=f"{steps} rates from {low:g} to {high:g}")


def rates(low: float, high: float, steps: int) -> list[float]:
    return [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]


RATES = FunctionExercise(
    name="09.rates",
    title="The rates of a range test",
    minutes=5,
    difficulty=1,
    objective="compute learning rates that are spread evenly over orders of magnitude",
    hints=(
        "From 0.00001 to 1 there are five powers of ten. How many of evenly spaced rates would lie below 0.01?",
        "1. each rate is the one before times a fixed factor  2. after steps - 1 factors low has become high",
        "low * (high / low) ** (i / (steps - 1)) for i = 0 .. steps - 1",
    ),
    cases=_ranges,
    seeds=len(RANGES),
    oracle=rates,
    tolerance=1e-6,
    rights=(
        lambda low, high, steps: torch.logspace(
            math.log10(low), math.log10(high), steps, dtype=torch.float64
        ).tolist(),
        lambda low, high, steps: [
            math.exp(math.log(low) + i * (math.log(high) - math.log(low)) / (steps - 1)) for i in range(steps)
        ],
    ),
    wrongs=(
        Wrong(
            "evenly spaced",
            lambda low, high, steps: torch.linspace(low, high, steps, dtype=torch.float64).tolist(),
            "Your rates are evenly spaced, so nearly all of them have the size of the largest. Multiply, do not add.",
        ),
        Wrong(
            "never arrives",
            lambda low, high, steps: [low * (high / low) ** (i / steps) for i in range(steps)],
            "Your last rate is not `high`: between `steps` rates lie steps - 1 factors.",
        ),
        Wrong(
            "starts late",
            lambda low, high, steps: [low * (high / low) ** ((i + 1) / steps) for i in range(steps)],
            "Your first rate is not `low`: the exponent must start at 0.",
        ),
        Wrong(
            "one too many",
            lambda low, high, steps: [low * (high / low) ** (i / (steps - 1)) for i in range(steps + 1)],
            "You return one rate more than `steps`, and it lies beyond `high`.",
        ),
        Wrong(
            "exponents",
            lambda low, high, steps: torch.linspace(
                math.log10(low), math.log10(high), steps, dtype=torch.float64
            ).tolist(),
            "These are the exponents, and negative. The rates are 10 to their power.",
        ),
        Wrong(
            "powers of e",
            lambda low, high, steps: torch.linspace(math.log10(low), math.log10(high), steps, dtype=torch.float64)
            .exp()
            .tolist(),
            "You took the logarithm to base 10 and came back with e. Go there and back in one base.",
        ),
        Wrong(
            "downwards",
            lambda low, high, steps: rates(high, low, steps),
            "Your rates fall. The test rises: it ends where the loss explodes, and the steps before it must be sound.",
        ),
        Wrong(
            "times ten",
            lambda low, high, steps: [low * 10**i for i in range(steps)],
            "You multiply by 10 at each step, whatever `high` and `steps` are. The factor follows from all three.",
        ),
    ),
    remark="A learning rate is right to within a factor, so it is looked for in factors.",
)  # fmt: skip

SCHEDULES = [(4, 0), (10, 2), (7, 3), (20, 5), (9, 1)]  # steps, rising


def _schedules(seed: int):
    steps, rising = SCHEDULES[seed]
    return given(steps, rising, note=f"{steps} steps, of which {rising} rise")


def schedule(steps: int, rising: int) -> Tensor:
    return torch.tensor([_factor(t, steps, rising) for t in range(steps)], dtype=torch.float64)


def _factor(t: int, steps: int, rising: int) -> float:
    if t < rising:
        return (t + 1) / rising
    return (1 + math.cos(math.pi * (t - rising) / (steps - rising))) / 2


def _after(rise, fall):
    """Return a schedule with factors rise(t, rising) and then fall(share), share = 0 .. 1 of the way down."""

    def factors(steps: int, rising: int) -> Tensor:
        values = [rise(t, rising) if t < rising else fall((t - rising) / (steps - rising)) for t in range(steps)]
        return torch.tensor(values, dtype=torch.float64)

    return factors


def _rise(t: int, rising: int) -> float:
    return (t + 1) / rising


def _fall(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


def _at_once(steps: int, rising: int) -> Tensor:
    t = torch.arange(steps, dtype=torch.float64)
    down = (1 + (math.pi * (t - rising) / (steps - rising)).cos()) / 2
    return torch.where(t < rising, (t + 1) / max(rising, 1), down)


SCHEDULE = FunctionExercise(
    name="09.schedule",
    title="Warm up, then cool down",
    minutes=8,
    difficulty=2,
    objective="implement a linear warm-up followed by half a cosine",
    hints=(
        "With what factor does the first step learn: 0? What would that step be good for?",
        "1. for t < rising: (t + 1) / rising  2. after that the share of the way down, from 0  3. half a cosine of it",
        "(1 + math.cos(math.pi * (t - rising) / (steps - rising))) / 2 for t from `rising` on",
    ),
    cases=_schedules,
    seeds=len(SCHEDULES),
    oracle=schedule,
    tolerance=1e-6,
    rights=(_after(_rise, _fall), _at_once),
    wrongs=(
        Wrong(
            "starts at zero",
            _after(lambda t, rising: t / rising, _fall),
            "Your first step has the factor 0 and learns nothing. Begin with 1 / rising.",
        ),
        Wrong(
            "no warm-up",
            _after(lambda t, rising: 1.0, _fall),
            "Your schedule starts at its highest rate: the rising part is missing.",
        ),
        Wrong(
            "a straight line down",
            _after(_rise, lambda share: 1 - share),
            "Your rate falls on a straight line. Half a cosine stays high for longer, and lands more softly.",
        ),
        Wrong(
            "a whole cosine",
            _after(_rise, lambda share: (1 + math.cos(2 * math.pi * share)) / 2),
            "Your cosine goes a full turn: the rate falls to 0 in the middle, and rises again. Half a turn: pi.",
        ),
        Wrong(
            "a quarter",
            _after(_rise, lambda share: math.cos(math.pi / 2 * share)),
            "A quarter of a cosine falls faster and faster, and ends steeply. Half a turn, shifted to 0..1, is asked.",
        ),
        Wrong(
            "below zero",
            _after(_rise, lambda share: math.cos(math.pi * share)),
            "Your factor goes down to -1: then the steps lead uphill. Shift and halve: (1 + cos) / 2.",
        ),
        Wrong(
            "counted from the start",
            lambda steps, rising: torch.tensor(
                [_rise(t, rising) if t < rising else _fall(t / steps) for t in range(steps)], dtype=torch.float64
            ),
            "Your cosine counts from step 0, so the rate jumps down when the warm-up ends. Count from `rising`.",
        ),
        Wrong(
            "one step short",
            lambda steps, rising: schedule(steps, rising)[:-1],
            "The last step has no factor: there must be one for each of the `steps`.",
        ),
        Wrong(
            "float32",
            lambda steps, rising: schedule(steps, rising).float(),
            "The values are right, but float32. The docstring asks for float64, in which optimizers keep their rates.",
        ),
    ),
    remark="Warm-up: Adam's averages are young, and early steps are wild. Cooling: the last steps settle.",
)  # fmt: skip
