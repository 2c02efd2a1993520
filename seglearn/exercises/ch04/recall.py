"""Three questions from chapters 03, 01 and 00, before something is built on them."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_REACH = ChoiceExercise(
    name="04.recall_reach",
    title="Recall of chapter 03: the reach of a kernel",
    minutes=1,
    difficulty=1,
    objective="compute how many pixels a kernel spans",
    question="A 3 x 3 kernel has dilation 2. How many pixels does it span, first and last tap included?",
    options={
        "a": ("3", "3 is the number of taps in a row. Dilation 2 leaves a gap of one pixel between them."),
        "b": ("5", "Right: dilation * (kernel_size - 1) + 1 = 2 * 2 + 1."),
        "c": ("6", "6 is 2 * 3. There are only two steps between three taps, and then the last tap itself."),
        "d": ("7", "7 leaves gaps of two pixels: that is dilation 3."),
    },
    right="b",
)

RECALL_LABELS = ChoiceExercise(
    name="04.recall_labels",
    title="Recall of chapter 01: may labels be averaged?",
    minutes=1,
    difficulty=1,
    objective="explain why labels are no quantities",
    question="Someone makes a mask smaller by averaging each 2 x 2 window, then rounds. What happens along edges?",
    options={
        "a": ("Nothing: rounding gives whole numbers back.", "Whole, yes, but which? The mean of 0 and 4 is 2: road."),
        "b": ("Edges become void.", "Void has to be written by somebody. A mean of labels writes some other class."),
        "c": ("Labels appear that nobody drew.", "Right: a label is a name, and the mean of two names is a third one."),
        "d": ("Thin things are kept.", "On the contrary: one pole pixel among three others never wins a mean."),
    },
    right="c",
)

RECALL_RARE = ChoiceExercise(
    name="04.recall_rare",
    title="Recall of chapter 00: a rare class",
    minutes=1,
    difficulty=1,
    objective="explain what pixel accuracy hides",
    question="Poles cover 1 % of a picture. A model gets all else right, and every pole wrong. What are its scores?",
    options={
        "a": ("Pixel accuracy 0.99, IoU of pole 0.", "Right: thin things are few pixels, and IoU asks each class."),
        "b": ("Pixel accuracy 0.99, IoU of pole 0.99.", "Not one pole pixel was hit: the intersection is empty."),
        "c": ("Pixel accuracy 0, IoU of pole 0.", "99 % of the pixels are right, and accuracy counts pixels."),
        "d": (
            "Pixel accuracy 0.99, IoU of pole NaN.",
            "NaN is for a class in neither map. Here it is in the truth: 0.",
        ),
    },
    right="a",
)
