"""Two losses that disagree: one is content while the other suffers."""

from seglearn.exercises.kinds import WidgetExercise, Wrong

START = (-2, -1.5, -2.5, -1, 0.5, -0.5, -3, -1.5, 1)  # the margins that the explorer begins with


def _after(moved: dict[int, float], *, dice: float, cross_entropy: float) -> dict:
    """Return what the explorer says after some pixels were moved: by how much the two losses have changed."""
    margins = [moved.get(pixel, margin) for pixel, margin in enumerate(START)]
    return {"margins": margins, "d_dice": dice, "d_cross_entropy": cross_entropy}


def _falls(change: float) -> bool:
    return change <= -0.05


def _rises(change: float) -> bool:
    return change >= 0.05


TUG_OF_WAR = WidgetExercise(
    name="07.tug_of_war",
    title="Content and alarmed at once",
    minutes=4,
    difficulty=2,
    objective="find a guess that Dice likes better and cross-entropy likes less",
    goal="Make Dice fall while cross-entropy rises, each by at least 0.05 from the start.",
    reached=lambda f: _falls(f["d_dice"]) and _rises(f["d_cross_entropy"]),
    start=_after({}, dice=0, cross_entropy=0),
    hints=(
        "How much can a single pixel cost under each loss, at most?",
        "1. make both object pixels sure  2. make one background pixel surely wrong  3. compare the two prices",
        "Both object pixels to 6, one background pixel to 6.",
    ),
    wrongs=(
        Wrong(
            "both fall",
            _after({4: 3, 5: 3}, dice=-0.175, cross_entropy=-0.169),
            "Both fall: every pixel got better or stayed. Now pay a price that only cross-entropy minds.",
            when=lambda f: _falls(f["d_dice"]) and _falls(f["d_cross_entropy"]),
        ),
        Wrong(
            "both rise",
            _after({3: 6}, dice=0.078, cross_entropy=0.711),
            "Both rise: a false alarm alone pleases nobody. First give Dice something: the object's own pixels.",
            when=lambda f: _rises(f["d_dice"]) and _rises(f["d_cross_entropy"]),
        ),
        Wrong(
            "only void moved",
            _after({8: 6}, dice=0.000, cross_entropy=0.000),
            "Nothing has changed: only the void pixel moved, and nobody asks it.",
            when=lambda f: f["d_dice"] == 0 == f["d_cross_entropy"],
        ),
        Wrong(
            "Dice stands still",
            _after({4: 1, 5: 0.5, 3: 2}, dice=-0.003, cross_entropy=0.144),
            "Cross-entropy has risen, but Dice has fallen too little. Make the object pixels surer.",
            when=lambda f: -0.05 < f["d_dice"] < 0.05 and _rises(f["d_cross_entropy"]),
        ),
        Wrong(
            "not wrong enough",
            _after({4: 3, 5: 3, 3: 1.5}, dice=-0.106, cross_entropy=0.005),
            "Dice has fallen, cross-entropy has hardly moved. Make your wrong pixel surer: surprise has no limit.",
            when=lambda f: _falls(f["d_dice"]) and -0.05 < f["d_cross_entropy"] < 0.05,
        ),
        Wrong(
            "too timid",
            _after({4: 1}, dice=-0.024, cross_entropy=-0.020),
            "A small step: neither loss has moved by 0.05. Be bolder.",
            when=lambda f: -0.05 < f["d_dice"] < 0.05 and -0.05 < f["d_cross_entropy"] < 0.05,
        ),
        Wrong(
            "the other way round",
            _after({0: -6, 1: -6, 2: -6, 3: -6, 4: -0.5, 6: -6, 7: -6}, dice=-0.044, cross_entropy=-0.057),
            "Not this way round: cross-entropy is more content than Dice. It is cross-entropy that should be alarmed.",
            when=lambda f: f["d_dice"] > -0.05 >= f["d_cross_entropy"],
        ),
    ),
    rights=(
        _after({4: 6, 5: 6, 6: 6}, dice=-0.072, cross_entropy=0.564),
        _after({4: 3, 5: 3, 0: 6}, dice=-0.067, cross_entropy=0.566),
    ),
    remark="One pixel that is surely wrong can cost cross-entropy any sum. Dice counts it as one pixel.",
)
