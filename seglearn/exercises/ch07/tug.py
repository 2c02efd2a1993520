"""Two losses that disagree: one is content while the other suffers."""

from seglearn.exercises.kinds import WidgetExercise, Wrong
from seglearn.widgets.loss_explorer import GOAL, MASK, START, facts


def moved(**margins: float) -> dict:
    """Return the facts after some pixels were moved: moved(p4=3.0) moves pixel 4, counted row by row."""
    now = list(START)
    for pixel, margin in margins.items():
        now[int(pixel[1:])] = margin
    return facts({"margins": now, "start": list(START), "mask": [label for row in MASK for label in row], "loss": 0})


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
    goal=GOAL.sentence,
    reached=GOAL.met_by,
    start={"margins": list(START)},
    hints=(
        "How much can a single pixel cost under each loss, at most?",
        "1. make both object pixels sure  2. make one background pixel surely wrong  3. compare the two prices",
        "Both object pixels to 6, one background pixel to 6.",
    ),
    wrongs=(
        Wrong(
            "both fall",
            moved(p4=3.0, p5=3.0),
            "Both fall: every pixel got better or stayed. Now pay a price that only cross-entropy minds.",
            when=lambda f: _falls(f["d_dice"]) and _falls(f["d_cross_entropy"]),
        ),
        Wrong(
            "both rise",
            moved(p3=6.0),
            "Both rise: a false alarm alone pleases nobody. First give Dice something: the object's own pixels.",
            when=lambda f: _rises(f["d_dice"]) and _rises(f["d_cross_entropy"]),
        ),
        Wrong(
            "only void moved",
            moved(p8=6.0),
            "Nothing has changed: only the void pixel moved, and nobody asks it.",
            when=lambda f: f["d_dice"] == 0 == f["d_cross_entropy"],
        ),
        Wrong(
            "Dice stands still",
            moved(p4=1.0, p5=0.5, p3=2.0),
            "Cross-entropy has risen, but Dice has fallen too little. Make the object pixels surer.",
            when=lambda f: -0.05 < f["d_dice"] < 0.05 and _rises(f["d_cross_entropy"]),
        ),
        Wrong(
            "not wrong enough",
            moved(p4=3.0, p5=3.0, p3=1.5),
            "Dice has fallen, cross-entropy has hardly moved. Make your wrong pixel surer: surprise has no limit.",
            when=lambda f: _falls(f["d_dice"]) and -0.05 < f["d_cross_entropy"] < 0.05,
        ),
        Wrong(
            "too timid",
            moved(p4=1.0),
            "A small step: neither loss has moved by 0.05. Be bolder.",
            when=lambda f: -0.05 < f["d_dice"] < 0.05 and -0.05 < f["d_cross_entropy"] < 0.05,
        ),
        Wrong(
            "the other way round",
            moved(p0=-6.0, p1=-6.0, p2=-6.0, p3=-2.5, p6=-6.0, p7=-6.0),
            "Not this way round: cross-entropy is more content than Dice. It is cross-entropy that should be alarmed.",
            when=lambda f: f["d_dice"] > -0.05 >= f["d_cross_entropy"],
        ),
    ),
    rights=(moved(p4=6.0, p5=6.0, p6=6.0), moved(p4=3.0, p5=3.0, p0=6.0)),
    remark="One pixel that is surely wrong can cost cross-entropy any sum. Dice counts it as one pixel.",
)
