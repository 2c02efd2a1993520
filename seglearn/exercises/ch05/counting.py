"""Counting weights, and choosing how often to halve."""

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given

CONVS = (1 * 9 + 1) * 32 + (32 * 9 + 1) * 64 + (64 * 9 + 1) * 128  # gray pictures

WEIGHTS = ValueExercise(
    name="05.weights",
    title="How many numbers are learned?",
    minutes=5,
    difficulty=2,
    objective="compute the weights of a small network",
    hints=(
        "One kernel of the second layer looks at a 3 x 3 window in all 32 maps. How many numbers is that?",
        "1. each convolution: outputs * (inputs * 9 + 1)  2. poolings and the mean: none  3. linear: 26 * (128 + 1)",
        "32 * (1 * 9 + 1) + 64 * (32 * 9 + 1) + 128 * (64 * 9 + 1) + 26 * (128 + 1)",
    ),
    expected=CONVS + 26 * 129,
    rights=(CONVS + 26 * 128 + 26,),
    wrongs=(
        Wrong(
            "no biases",
            9 * (1 * 32 + 32 * 64 + 64 * 128) + 128 * 26,
            "The biases are missing: one for each output of each layer.",
        ),
        Wrong(
            "color",
            CONVS + (3 - 1) * 9 * 32 + 26 * 129,
            "You counted three input channels. These pictures are gray: one channel.",
        ),
        Wrong("no linear layer", CONVS, "The linear layer at the end is missing."),
        Wrong("ten classes", CONVS + 10 * 129, "You counted ten classes. The alphabet has 26 letters."),
        Wrong(
            "windows of one pixel",
            (1 + 1) * 32 + (32 + 1) * 64 + (64 + 1) * 128 + 26 * 129,
            "Your kernels have one weight for each pair of channels. They are 3 x 3: nine.",
        ),
        Wrong(
            "flattened",
            CONVS + 26 * (128 * 4 * 4 + 1),
            "Your linear layer reads every position of a 4 x 4 map. Here it comes after the mean: 128 inputs.",
        ),
        Wrong(
            "kernels shared by the maps",
            (9 + 1) * (32 + 64 + 128) + 26 * 129,
            "Your kernels have nine weights each. A kernel has nine for every input channel.",
        ),
    ),
    remark="Not one of these numbers depends on the size of the pictures.",
)

INPUTS = 128 * (48 // 8) * (64 // 8)

FLATTEN = ValueExercise(
    name="05.flatten",
    title="The price of flattening",
    minutes=3,
    difficulty=2,
    objective="compute why a flattened map ties a network to one size",
    hints=(
        "How large is the map behind three poolings of a 48 x 64 picture, and how many channels has it?",
        "1. map: 128 x 6 x 8  2. every number of it is an input  3. inputs * 11 + 11",
        "128 * 6 * 8 * 11 + 11",
    ),
    expected=INPUTS * 11 + 11,
    rights=((INPUTS + 1) * 11,),
    wrongs=(
        Wrong("no biases", INPUTS * 11, "The 11 biases are missing."),
        Wrong("averaged", 129 * 11, "This layer reads a mean for each channel. Flattened, it reads every number."),
        Wrong("of a small picture", (128 * 16 + 1) * 11, "This fits pictures of 32 x 32. Ours have 48 x 64."),
        Wrong(
            "no poolings",
            (128 * 48 * 64 + 1) * 11,
            "You forgot the three poolings: the map is 8 times smaller in both directions.",
        ),
        Wrong("pixels of the picture", (3 * 48 * 64 + 1) * 11, "You flattened the picture. Flatten the last map."),
        Wrong("inputs", INPUTS, "These are the inputs. Each of 11 classes has a weight for every input, and a bias."),
        Wrong("one channel", (48 + 1) * 11, "The map has 6 x 8 positions, but 128 numbers at each of them."),
    ),
    remark="One size of pictures, one such layer. With the mean in between, 1,419 numbers serve every size.",
)

OBJECTS = [  # object_px, cells
    *((8, 1), (16, 2), (20, 4), (5, 5), (7, 2), (3, 1), (64, 3), (100, 3), (37, 9), (1, 1), (63, 2)),
]


def _objects(seed: int):
    object_px, cells = OBJECTS[seed]
    return given(object_px, cells, note=f"{object_px} pixels, at least {cells} cells")


def most_poolings(object_px: int, cells: int) -> int:
    count = 0
    while cells * 2 ** (count + 1) <= object_px:
        count += 1
    return count


POOLINGS = FunctionExercise(
    name="05.poolings",
    title="How often may it halve?",
    minutes=5,
    difficulty=2,
    objective="compute the coarsest map in which an object still fills a few cells",
    hints=(
        "How many pixels wide is a cell after one, two, three poolings?",
        "1. a cell is 2 ** poolings pixels  2. cells * 2 ** poolings may not exceed the object  3. take the largest",
        "(object_px // cells).bit_length() - 1",
    ),
    cases=_objects,
    seeds=len(OBJECTS),
    oracle=most_poolings,
    rights=(lambda object_px, cells: (object_px // cells).bit_length() - 1,),
    wrongs=(
        Wrong(
            "one too few",
            lambda object_px, cells: max(0, (max(object_px - 1, 1) // cells).bit_length() - 1),
            "Where the cells fit exactly you halve once less. Exactly is enough.",
        ),
        Wrong(
            "rounded up",
            lambda object_px, cells: (-(-object_px // cells) - 1).bit_length(),
            "You round up: then the cells together are wider than the object. Round down.",
        ),
        Wrong(
            "pixels of a cell",
            lambda object_px, cells: 2 ** most_poolings(object_px, cells),
            "This is the width of a cell, 2 ** poolings. The number of poolings is asked for.",
        ),
        Wrong(
            "one cell is enough",
            lambda object_px, cells: most_poolings(object_px, 1),
            "You fit a single cell into the object. Leave room for `cells` of them.",
        ),
        Wrong(
            "divided",
            lambda object_px, cells: object_px // cells,
            "This is how wide a cell may be. Each pooling doubles its width: how often from 1 to there?",
        ),
        Wrong(
            "cells taken off",
            lambda object_px, cells: max(0, most_poolings(object_px, 1) - cells + 1),
            "You took the cells off the number of poolings. They share the object: divide its pixels by them first.",
        ),
        Wrong(
            "one too many",
            lambda object_px, cells: most_poolings(object_px, cells) + 1,
            "With one pooling less it would be right: yours makes cells that no longer fit into the object.",
        ),
    ),
    remark="Digits of 16 pixels in two cells: three poolings. A lamp post of 2 pixels allows one, to fill one cell.",
)
