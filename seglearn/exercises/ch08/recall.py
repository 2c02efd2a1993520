"""Chapter 08 looks back: three questions on losses, pooling and convolution."""

from seglearn.exercises.kinds import ChoiceExercise

WEIGHTS = ChoiceExercise(
    name="08.recall_losses",
    title="Looking back at chapter 07",
    minutes=1,
    difficulty=1,
    objective="recall what class weights do to a prediction",
    question="In the loss, pole pixels count ten times as much as before. What happens to the poles in the prediction?",
    options={
        "a": (
            "More of the true pole pixels are found, and more of what is called pole is not pole.",
            "Right: weights turn misses into false alarms. Recall rises, precision falls.",
        ),
        "b": (
            "They are drawn more exactly, with fewer mistakes of both kinds.",
            "A weight adds no knowledge. A doubtful pixel is now called pole, rightly or not.",
        ),
        "c": (
            "Fewer pixels are called pole, so that those are sure.",
            "It is the other way round: a missed pole has become expensive, a false alarm has stayed cheap.",
        ),
        "d": ("Nothing: the order of the scores stays.", "The order changes: the network itself learns other scores."),
    },
    right="a",
)

STEPS = ChoiceExercise(
    name="08.recall_pooling",
    title="Looking back at chapter 04",
    minutes=1,
    difficulty=1,
    objective="recall how far apart neighbors in a pooled map are",
    question="After three max poolings with stride 2: how far apart do two neighbors of the map stand in the image?",
    options={
        "a": ("2 pixels", "That is one pooling. Each further one doubles the step again."),
        "b": ("6 pixels", "Steps multiply, they do not add: 2 * 2 * 2."),
        "c": ("8 pixels", "Right: 2 * 2 * 2, the jump. A pole of one pixel has no place of its own in that map."),
        "d": ("512 pixels", "That is 8 * 8 * 8. Ask for the step along one axis."),
    },
    right="c",
)

NINES = ChoiceExercise(
    name="08.recall_convolution",
    title="Looking back at chapter 03",
    minutes=1,
    difficulty=1,
    objective="recall what a convolution with ones counts",
    question="A mask of 0 and 1 is convolved with a 3 x 3 kernel of ones, with zero padding. Where does 9 stand?",
    options={
        "a": (
            "At every pixel of the object.",
            "At its edge some of the nine pixels are 0, so less than 9 stands there.",
        ),
        "b": ("Where the object begins.", "There some of the nine pixels lie outside, and the sum is below 9."),
        "c": ("Nowhere: sums are averaged.", "A kernel of ones adds. Averaging would take ninths."),
        "d": (
            "At the pixels of the object whose eight neighbors belong to it, too.",
            "Right: this is erosion, and we need it for the boundary band.",
        ),
    },
    right="d",
)
