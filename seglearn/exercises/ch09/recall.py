"""Three questions from chapters 08, 06 and 03, before anything is trained."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_VOTES = ChoiceExercise(
    name="09.recall_votes",
    title="Recall of chapter 08: who votes in a mean IoU?",
    minutes=1,
    difficulty=1,
    objective="explain which classes count in a mean IoU",
    question="No test picture holds a bicycle, and the model paints none. What is its IoU, and does it count?",
    options={
        "a": ("0, and it counts.", "0 is for a class that is in one of the two and never hit. This one is in neither."),
        "b": ("1, and it counts.", "Nothing was asked and nothing answered: a 1 would reward a class for its absence."),
        "c": ("NaN, and it has no vote.", "Right: nobody knows how well the model finds bicycles."),
        "d": ("NaN, and so is the mean.", "The mean is taken over the classes that have a number (nanmean)."),
    },
    right="c",
)  # fmt: skip

RECALL_SKIPS = ChoiceExercise(
    name="09.recall_skips",
    title="Recall of chapter 06: what skips carry",
    minutes=1,
    difficulty=1,
    objective="explain what a decoder cannot know without skips",
    question="A U-Net loses its skip connections and is trained again. Which class suffers most?",
    options={
        "a": ("Sky, the largest.", "Large and smooth: it survives the way through the bottom almost unharmed."),
        "b": ("Road, the nearest.", "A road is broad. What the bottom forgets are positions, to within a few pixels."),
        "c": ("Pole, the thinnest.", "Right: the bottom knows that there is a pole, and no longer where to the pixel."),
        "d": ("All of them alike.", "A shift of two pixels costs a class the more, the more of it is edge."),
    },
    right="c",
)

RECALL_SIZE = ChoiceExercise(
    name="09.recall_size",
    title="Recall of chapter 03: the size after a convolution",
    minutes=1,
    difficulty=1,
    objective="compute the output size of a convolution",
    question="A side of 90 pixels meets a 3 x 3 convolution, stride 2, padding 1. How long is the new side?",
    options={
        "a": ("44", "That is without padding: (90 - 3) // 2 + 1. Padding adds a pixel at both ends."),
        "b": ("45", "Right: (90 + 2 - 3) // 2 + 1 = 44 + 1."),
        "c": ("46", "One too many: (90 + 2 - 3) // 2 is 44, and one window more makes 45."),
        "d": ("90", "Padding 1 keeps the size where the stride is 1. Here every second place is left out."),
    },
    right="b",
)  # fmt: skip
