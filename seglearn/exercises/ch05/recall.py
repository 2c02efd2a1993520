"""Three short questions on earlier chapters: odd sides, kernels of one pixel, two kinds of answers."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_ODD = ChoiceExercise(
    name="05.recall_odd",
    title="Recall of chapter 04: three poolings of an odd picture",
    minutes=1,
    difficulty=1,
    objective="compute sizes through poolings that round down",
    question="A picture of 70 x 50 pixels goes through three 2 x 2 poolings with stride 2. How large is the map?",
    options={
        "a": ("9 x 7", "That is rounded up. Without ceil_mode a window that hangs over the edge is left out."),
        "b": ("8 x 6", "Right: 70, 35, 17, 8 and 50, 25, 12, 6. Leftover rows and columns are not seen."),
        "c": ("8.75 x 6.25", "A map has whole rows: each pooling rounds down."),
        "d": ("23 x 16", "You divided by 3. Each of the three poolings halves: together they divide by 8."),
    },
    right="b",
)

RECALL_ONE_BY_ONE = ChoiceExercise(
    name="05.recall_one_by_one",
    title="Recall of chapter 03: a kernel of one pixel",
    minutes=1,
    difficulty=1,
    objective="recall what a 1 x 1 convolution computes",
    question="A 1 x 1 convolution takes 128 channels to 10. What does one of its output numbers depend on?",
    options={
        "a": ("On one number of the input.", "On all channels: each kernel has one weight for every input channel."),
        "b": ("On all pixels of one channel.", "A kernel of 1 x 1 sees a single position, but through all channels."),
        "c": (
            "On the 128 numbers at the same position.",
            "Right: a weighted sum over the channels, the same at every position, and a bias.",
        ),
        "d": ("On a window of 3 x 3.", "That is a 3 x 3 convolution. This one does not look at its neighbors."),
    },
    right="c",
)

RECALL_ANSWERS = ChoiceExercise(
    name="05.recall_answers",
    title="Recall of chapter 01: one answer or many",
    minutes=1,
    difficulty=1,
    objective="tell classification from semantic segmentation by the shape of the answer",
    question="One picture of 48 x 64 pixels, 11 classes. Which shapes have the scores of a classifier and a segmenter?",
    options={
        "a": ("(11,) and (11, 48, 64)", "Right: a score per class, once for the picture, or once for every pixel."),
        "b": ("(1,) and (48, 64)", "These are labels, after the argmax. Scores have an axis for the classes."),
        "c": ("(11,) and (48, 64, 11)", "In PyTorch the channels, here the classes, stand before the rows."),
        "d": ("(11, 48, 64) and (11,)", "The other way round: the classifier gives one answer for all pixels."),
    },
    right="a",
)
