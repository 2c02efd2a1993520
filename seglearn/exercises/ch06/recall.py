"""Three questions from chapters 05, 03 and 00, before something is built on them."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_GRID = ChoiceExercise(
    name="06.recall_grid",
    title="Recall of chapter 05: a coarse class map",
    minutes=1,
    difficulty=1,
    objective="compute the size of the class map that a classifier turned into",
    question="A classifier halves its maps five times; its last layer has become a 1x1 convolution. How large is the "
    "map of one class for a picture of 96 x 160 pixels?",
    options={
        "a": ("3 x 5", "Right: five halvings are a stride of 32, so one score stands for 32 x 32 pixels."),
        "b": ("1 x 1", "One score per class is what the averaging made of it. The 1x1 convolution keeps the places."),
        "c": ("96 x 160", "A 1x1 convolution keeps the size, but of the last map, and that one was halved five times."),
        "d": ("19 x 32", "You divided by 5. Halving five times divides by 2 * 2 * 2 * 2 * 2."),
    },
    right="a",
)

RECALL_STEP = ChoiceExercise(
    name="06.recall_step",
    title="Recall of chapter 03: which sizes become 4?",
    minutes=1,
    difficulty=1,
    objective="run the arithmetic of convolution backward",
    question="A 3 x 3 convolution with stride 2 and padding 1 gives a map that is 4 wide. How wide was its input?",
    options={
        "a": ("8, and nothing else", "8 gives 4, but so does another width: the last step may leave a column over."),
        "b": ("7 or 8", "Right: floor((7 + 2 - 3) / 2) + 1 = 4 = floor((8 + 2 - 3) / 2) + 1. Going back is ambiguous."),
        "c": ("9, since padding adds", "9 gives 5. Put it into floor((size + 2 * padding - kernel) / stride) + 1."),
        "d": ("4: padding keeps the size", "Padding 1 keeps the size at stride 1. Here the stride is 2."),
    },
    right="b",
)

RECALL_IOU = ChoiceExercise(
    name="06.recall_iou",
    title="Recall of chapter 00: thick poles",
    minutes=1,
    difficulty=1,
    objective="compute an IoU from an overlap",
    question="A pole is 1 pixel wide. A network paints it 3 pixels wide, with the true one inside. What is its IoU?",
    options={
        "a": ("1", "It found all of the pole (recall 1), but IoU also counts the false alarms on both sides."),
        "b": ("0.5", "There are two false alarms for each hit, not one: hits / (hits + misses + false alarms)."),
        "c": ("1/3", "Right: one hit and two false alarms per row. Thin things pay for every extra pixel."),
        "d": ("0", "An IoU of 0 means that no pixel was hit. Here all were."),
    },
    right="c",
)
