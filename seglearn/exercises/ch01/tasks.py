"""Five answers to one picture: the choice of a task, and boxes from instances."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import ChoiceExercise, FunctionExercise, Wrong, given

WHICH_TASK = ChoiceExercise(
    name="01.which_task",
    title="Which answer do you need?",
    minutes=1,
    difficulty=1,
    objective="choose the kind of answer that holds what a question needs",
    hints=(
        "Do you need each one, or all together?",
        "1. tell them apart? 2. exact shape? 3. also sky and road?",
        "Read 'd'.",
    ),
    question="Nuclei touch each other. Report how many there are, and the area of each. Which answer holds this?",
    options={
        "a": (
            "Classification: tags of the picture.",
            "A tag says that there are nuclei, not how many or how large.",
        ),
        "b": ("Detection: a box around each.", "Boxes count them, but the area of a box is not the area of a nucleus."),
        "c": (
            "Semantic: one label per pixel.",
            "Nuclei that touch become one region: the count is lost.",
        ),
        "d": (
            "Instance: one mask per object.",
            "Right: each nucleus has its own number, and its area is a count of pixels.",
        ),
    },
    right="d",
)


def _instances(seed: int):
    """Smallest first; then no object at all, a gap in the numbers, an object in two parts."""
    rows = [
        [[1]],
        [[0, 0, 2]],
        [[0, 0], [0, 0], [0, 0]],
        [[0, 3, 3, 0, 0], [0, 3, 0, 0, 7], [0, 0, 0, 7, 7]],
        [[5, 0, 0, 0, 2, 2, 0], [0, 0, 0, 0, 2, 0, 0], [0, 0, 9, 9, 9, 0, 5]],
    ][seed]
    notes = ["one pixel", "one pixel, not in the corner", "no object", "numbers 3 and 7", "object 5 has two parts"]
    return given(torch.tensor(rows), note=notes[seed])


def boxes(instances: Tensor) -> Tensor:
    found = []
    for number in instances.unique().tolist():
        if number:
            y, x = torch.where(instances == number)
            found.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 4)


def _boxes_by_profile(instances: Tensor) -> Tensor:
    """Return the same boxes from the rows and columns that an object touches."""
    numbers = [n for n in instances.unique().tolist() if n != 0]
    result = torch.zeros(len(numbers), 4, dtype=torch.int64)
    for box, number in zip(result, numbers, strict=True):
        columns, rows = ((instances == number).any(dim=d).nonzero().flatten() for d in (0, 1))
        box[:] = torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return result


def _with_background(instances: Tensor) -> Tensor:
    return boxes(instances + 1)


def _by_count(instances: Tensor) -> Tensor:
    """Return boxes for the numbers 1..n, as if no number could be missing."""
    found = []
    for number in range(1, len(instances.unique())):
        y, x = torch.where(instances == number)
        found.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 4)


def _unshaped(instances: Tensor) -> Tensor:
    return torch.tensor(boxes(instances).tolist(), dtype=torch.int64)


BOXES = FunctionExercise(
    name="01.boxes",
    title="From instances to boxes",
    minutes=8,
    difficulty=3,
    objective="derive detection's answer (boxes) from instance segmentation's answer (numbered pixels)",
    hints=(
        "Which columns does object 3 touch? Where does the last of these pixels end?",
        "1. the numbers that occur, without 0  2. rows and columns of each  3. smallest, largest + 1  4. no object?",
        "y, x = torch.where(instances == n); the box is x.min(), y.min(), x.max() + 1, y.max() + 1.",
    ),
    cases=_instances,
    seeds=5,
    oracle=boxes,
    rights=(_boxes_by_profile,),
    wrongs=(
        Wrong(
            "last pixel left out",
            lambda instances: boxes(instances) - torch.tensor([0, 0, 1, 1]),
            "Your box ends where its last pixel begins: an object of one pixel has width 0. The far edge is + 1.",
        ),
        Wrong(
            "rows first",
            lambda instances: boxes(instances)[:, [1, 0, 3, 2]],
            "You return y1, x1, y2, x2. A box is x1, y1, x2, y2: x runs along the columns.",
        ),
        Wrong(
            "width and height",
            lambda instances: boxes(instances) - boxes(instances)[:, [0, 1, 0, 1]] * torch.tensor([0, 0, 1, 1]),
            "Your last two numbers are width and height (COCO's way). Here they are the far edges x2 and y2.",
        ),
        Wrong(
            "background too",
            _with_background,
            "You also box number 0. That is where no object is.",
        ),
        Wrong(
            "numbers without gaps",
            _by_count,
            "You expect the numbers 1, 2, 3, ... A number may be missing: loop over instances.unique().",
        ),
        Wrong(
            "one box around all",
            lambda instances: boxes((instances > 0).long()),
            "One box around all objects: each number needs its own.",
        ),
        Wrong(
            "no object, no shape",
            _unshaped,
            "Without objects your result is not (0, 4). An empty list of boxes has four columns, too: .reshape(-1, 4).",
        ),
        Wrong(
            "floats",
            lambda instances: boxes(instances).float(),
            "The numbers are right, but these edges lie between whole pixels: keep int64.",
        ),
    ),
    remark="torchvision's masks_to_boxes ends at the last pixel (no + 1). Ask every library which one it means.",
)
