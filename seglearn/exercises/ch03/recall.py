"""Three short questions on the chapters before."""

from seglearn.exercises.kinds import ChoiceExercise

RECALL_LAYOUT = ChoiceExercise(
    name="03.recall_layout",
    title="Recall: which line moves the channels?",
    minutes=1,
    difficulty=1,
    objective="recall what moves an axis and what only folds the line of numbers anew",
    question="A file gives `picture` of shape (96, 144, 3). Which line gives the channels first, undamaged?",
    options={
        "a": (
            "picture.reshape(3, 96, 144)",
            "reshape keeps the numbers in line and folds the line in other places: colors and rows are scrambled.",
        ),
        "b": ("picture.permute(2, 0, 1)", "Right: permute moves the third axis to the front."),
        "c": (
            "picture.T",
            "This turns all axes around, to (3, 144, 96): the picture lies on its side.",
        ),
        "d": (
            "picture.flatten()[:3]",
            "This keeps three numbers of all: the color of the first pixel.",
        ),
    },
    right="b",
)

RECALL_VOID = ChoiceExercise(
    name="03.recall_void",
    title="Recall: a border around a mask",
    minutes=1,
    difficulty=1,
    objective="recall that 0 is a class, and 255 is none",
    question="Image and mask get a border of one pixel. Which number belongs into the border of the mask?",
    options={
        "a": ("0, as in the image.", "0 is a class: you would teach the model that the border is sky."),
        "b": ("-1, because there is no such class.", "As an index, -1 means the last class. Nothing would complain."),
        "c": ("255: nobody knows what is there.", "Right: void costs nothing, and teaches nothing."),
        "d": (
            "The label of the nearest pixel.",
            "That is a guess which nobody checked, and the score would count it as truth.",
        ),
    },
    right="c",
)

RECALL_ACCURACY = ChoiceExercise(
    name="03.recall_accuracy",
    title="Recall: 98 % right",
    minutes=1,
    difficulty=1,
    objective="recall why pixel accuracy flatters a lazy model",
    question="Poles cover 2 % of the pixels; a model's pixel accuracy is 0.98. What do you know about its poles?",
    options={
        "a": ("It finds nearly all of them.", "It may find none: leaving out every pole costs only those 2 %."),
        "b": ("Nothing: it may have found none.", "Right. Ask for the IoU of the class pole."),
        "c": ("It finds 98 % of them.", "Accuracy counts all pixels together; it says nothing about one class."),
        "d": (
            "Their IoU is 0.98, too.",
            "IoU does not count the pixels that are rightly called something else; accuracy does. It may even be 0.",
        ),
    },
    right="b",
)
