"""A prediction about labels that mean nothing."""

from seglearn.exercises.kinds import ChoiceExercise

SHUFFLED = ChoiceExercise(
    name="05.shuffled",
    title="Labels dealt out by lot",
    minutes=2,
    difficulty=1,
    objective="predict what a classifier learns from labels without meaning",
    question="The labels of the training pictures are shuffled among them, and the network learns each of them by "
    "heart. How often is it right on new digits?",
    options={
        "a": (
            "Nearly always: the pictures are the same.",
            "It learned names by lot, and gives new pictures such names.",
        ),
        "b": ("About half of the time.", "Half would need a rule that holds for new pictures. There is none to find."),
        "c": (
            "About one time in ten.",
            "Right: names without meaning hit by chance. What is learned by heart says nothing about new pictures.",
        ),
        "d": ("Never.", "To be always wrong it would have to know the truth. Chance hits one in ten."),
    },
    right="c",
    hints=(
        "What have the new pictures in common with the labels that were learned?",
        "1. training labels carry no information about digits 2. so guesses on new digits are independent of the truth",
        "Ten classes: 1 / 10.",
    ),
)
