"""From labels to planes: one-hot encoding in steps, and what a void pixel is."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import ChoiceExercise, FunctionExercise, Wrong, given
from seglearn.exercises.laws import keeps_device
from seglearn.labels import IGNORE

SHAPES = [(1, 1), (1, 3), (2, 3), (5, 4), (3, 7)]


def _masks(seed: int):
    chance = torch.Generator().manual_seed(seed)
    mask = torch.randint(0, 3, SHAPES[seed], generator=chance)
    mask[0, 0] = 2
    return given(mask, 4, note="class 3 is absent")


def _batches(seed: int):
    """Return a batch with void pixels from the second case on; the last class is absent, one mask is all void."""
    chance = torch.Generator().manual_seed(seed)
    masks = torch.randint(0, 3, (seed + 1, *SHAPES[seed]), generator=chance)
    if seed == 0:
        return given(masks, 4, note="one pixel, no void")
    masks[:, 0, 0] = 2
    masks[:, -1, -1] = IGNORE
    masks[seed // 2] = IGNORE
    return given(masks, 4, note="void pixels hold 255; class 3 is absent")


def planes(mask: Tensor, classes: int) -> Tensor:
    return (mask == torch.arange(classes, device=mask.device)[:, None, None]).float()


def one_hot(masks: Tensor, classes: int) -> Tensor:
    return (masks[:, None] == torch.arange(classes, device=masks.device)[:, None, None]).float()


def _filled(masks: Tensor, classes: int, void: int) -> Tensor:
    """Return the one-hot planes of a batch in which another label stands for void."""
    return F.one_hot(masks.where(masks != IGNORE, void), classes).movedim(-1, 1).float()


def _in_place(masks: Tensor, classes: int) -> Tensor:
    result = one_hot(masks, classes)
    masks[masks == IGNORE] = 0
    return result


PLANES = FunctionExercise(
    name="01.planes",
    title="All planes at once",
    minutes=3,
    difficulty=1,
    objective="implement one-hot encoding of one mask by comparison, without a loop",
    hints=(
        "Which shape must the labels have, so that comparing them with (H, W) gives (K, H, W)?",
        "1. labels 0..K-1 as (K, 1, 1)  2. compare with the mask  3. make floats",
        "(mask == labels[:, None, None]).float()",
    ),
    cases=_masks,
    seeds=5,
    oracle=planes,
    rights=(
        lambda mask, classes: F.one_hot(mask, classes).permute(2, 0, 1).float(),
        lambda mask, classes: torch.stack([(mask == k).float() for k in range(classes)]),
    ),
    wrongs=(
        Wrong(
            "channels last",
            lambda mask, classes: F.one_hot(mask, classes).float(),
            "Your result is (H, W, K). The classes are channels, and channels come first.",
        ),
        Wrong(
            "true and false",
            lambda mask, classes: mask == torch.arange(classes)[:, None, None],
            "The planes are right, but they hold True and False. A loss multiplies them: use .float().",
        ),
        Wrong(
            "whole numbers",
            lambda mask, classes: F.one_hot(mask, classes).permute(2, 0, 1),
            "The planes are right, but they hold int64. Probabilities are floats: compare floats with floats.",
        ),
        Wrong(
            "counted from one",
            lambda mask, classes: (mask == torch.arange(1, classes + 1)[:, None, None]).float(),
            "Your first plane shows label 1. Labels begin at 0, and class 0 needs a plane, too.",
        ),
        Wrong(
            "classes of this mask only",
            lambda mask, classes: F.one_hot(mask).permute(2, 0, 1).float(),
            "You have as many planes as this mask needs. An absent class still has its plane, full of zeros.",
        ),
        Wrong(
            "label in place of one",
            lambda mask, classes: planes(mask, classes) * torch.arange(classes)[:, None, None],
            "Your plane k holds k where it should hold 1, and so class 0 disappears.",
        ),
        Wrong(
            "inverted",
            lambda mask, classes: 1 - planes(mask, classes),
            "You mark where a class is not. A plane is 1 where the class is.",
        ),
        Wrong(
            "height and width swapped",
            lambda mask, classes: planes(mask.T, classes),
            "Your planes are (W, H): turned on their side.",
        ),
    ),
    remark="One comparison, and broadcasting does the three loops.",
)

ONE_HOT = FunctionExercise(
    name="01.one_hot",
    title="A batch, with void",
    minutes=7,
    difficulty=2,
    objective="implement one-hot encoding of a batch of masks in which void pixels belong to no class",
    hints=(
        "What does a pixel that belongs to no class look like in K planes?",
        "1. give the masks an axis for K  2. compare with labels (K, 1, 1)  3. what does 255 equal?",
        "(masks[:, None] == labels[:, None, None]).float(): 255 equals no label, so all its planes are 0.",
    ),
    cases=_batches,
    seeds=5,
    oracle=one_hot,
    laws=(keeps_device(),),
    rights=(
        lambda masks, classes: torch.stack([(masks == k).float() for k in range(classes)], dim=1),
        lambda masks, classes: _filled(masks, classes, 0) * (masks != IGNORE)[:, None],
    ),
    wrongs=(
        Wrong(
            "void as the last class",
            lambda masks, classes: F.one_hot(masks.clamp(max=classes - 1), classes).movedim(-1, 1).float(),
            "clamp turns 255 into the last class, so void pixels vote for it. A void pixel has no class.",
        ),
        Wrong(
            "void as class 0",
            lambda masks, classes: _filled(masks, classes, 0),
            "Void pixels have become class 0. Nobody said that they are sky.",
        ),
        Wrong(
            "not for void",
            lambda masks, classes: F.one_hot(masks, classes).movedim(-1, 1).float(),
            "F.one_hot stops at 255, because it is not below the number of classes. Compare, or take void out first.",
        ),
        Wrong(
            "a plane for void",
            lambda masks, classes: F.one_hot(masks.clamp(max=classes), classes + 1).movedim(-1, 1).float(),
            "You have K + 1 planes. Void is not a class of its own: drop the last plane.",
        ),
        Wrong(
            "void shared out",
            lambda masks, classes: one_hot(masks, classes).where((masks != IGNORE)[:, None], 1 / classes),
            "You give each class a part of every void pixel. Nobody is asked about it, so it counts 0 everywhere.",
        ),
        Wrong(
            "void stays 255",
            lambda masks, classes: one_hot(masks, classes).where((masks != IGNORE)[:, None], 255.0),
            "255 stands in the planes of void pixels, and a sum over them explodes. Put 0 there.",
        ),
        Wrong(
            "classes last",
            lambda masks, classes: one_hot(masks, classes).movedim(1, -1),
            "Your result is (N, H, W, K). torch.nn wants the classes right after the batch: (N, K, H, W).",
        ),
        Wrong(
            "classes before the batch",
            lambda masks, classes: one_hot(masks, classes).movedim(1, 0),
            "Your result is (K, N, H, W): classes and batch have changed places.",
        ),
        Wrong(
            "cleaned in place",
            _in_place,
            "You wrote into the masks that were handed to you. Their void is lost for everyone after you: use a copy.",
        ),
    ),
    remark="All zeros is the honest code for 'no class': it adds nothing to any sum.",
)

VOID = ChoiceExercise(
    name="01.void",
    title="What does void cost?",
    minutes=1,
    difficulty=1,
    objective="explain how a void pixel counts in loss and score",
    hints=(
        "Who knows the truth of that pixel?",
        "1. what is asked 2. what is known 3. what can be compared",
        "Read 'c'.",
    ),
    question="A border pixel has the label 255. The model says 'road'. How does this pixel count?",
    options={
        "a": ("As an error: 255 is not road.", "Then a model would have to predict 255, and no class has that number."),
        "b": ("As half an error: it might be road.", "There is no half: without a truth there is nothing to compare."),
        "c": ("Not at all, neither as right nor as wrong.", "Right: it leaves the numerator and the denominator."),
        "d": (
            "As right: void accepts everything.",
            "Then large void areas would lift the score of any model, good or bad.",
        ),
    },
    right="c",
)
