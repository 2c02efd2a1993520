"""Three questions from earlier chapters: what a pixel sees, how long a result is, what void weighs."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_FIELD = ChoiceExercise(
    name="07.recall_field",
    title="From chapter 04: what one number has seen",
    minutes=1,
    difficulty=1,
    objective="recall how receptive fields grow",
    question="Three 3x3 convolutions of stride 1 stand in a row. How wide is the piece of the image behind one number?",
    options={
        "a": ("3 pixels", "That is one layer. The second layer looks at neighbors that have looked at theirs."),
        "b": ("7 pixels", "Right: 3, then 2 more for each further layer."),
        "c": ("9 pixels", "You added 3 for each layer. The windows overlap: each further layer adds only 2."),
        "d": ("27 pixels", "You multiplied. Only strides multiply; without them each layer adds 2."),
    },
    right="b",
)

RECALL_SIZE = ChoiceExercise(
    name="07.recall_size",
    title="From chapter 03: how many numbers come out",
    minutes=1,
    difficulty=1,
    objective="recall the size of a convolution's result",
    question="A convolution with kernel 3, stride 2 and padding 1 slides over 16 pixels. How many numbers come out?",
    options={
        "a": ("7", "That is without the padding, or without the + 1 for the first window."),
        "b": ("9", "You rounded up. A window that does not fit is not used: round down."),
        "c": ("16", "Padding 1 keeps the size at stride 1. Stride 2 takes every second place."),
        "d": ("8", "Right: (16 + 2 - 3) // 2 + 1."),
    },
    right="d",
)

RECALL_ONE_HOT = ChoiceExercise(
    name="07.recall_one_hot",
    title="From chapter 01: counting ones",
    minutes=1,
    difficulty=1,
    objective="recall how one-hot planes hold a mask",
    question="A mask of 5 x 7 pixels has one void pixel. It becomes one-hot planes for 3 classes. What is their sum?",
    options={
        "a": ("34", "Right: a single 1 for each pixel that has a class, and none for the void one."),
        "b": ("35", "The void pixel belongs to no class: it is 0 in every plane."),
        "c": ("102", "That is how many numbers the labeled pixels have in all planes. Only one in three of them is 1."),
        "d": ("255", "255 is the name of void in the mask. In one-hot planes there are only zeros and ones."),
    },
    right="a",
)
