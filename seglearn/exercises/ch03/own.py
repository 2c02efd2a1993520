"""Kernels of the learner's own: one that is judged by laws, one that meets a picture of theirs."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong

SMALL = 1e-5
SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SHOWN = (SOBEL.double(), torch.tensor([[-1.0, 0, 1]] * 3).double())  # the chapter has used these


def _zero(x: Tensor, kernel: Tensor) -> bool:
    return bool((x.abs() <= SMALL * kernel.abs().max()).all())


def kernel_fault(kernel: Any) -> str:
    """Return the name of the first law that a detector of vertical edges breaks, "" where it keeps them all."""
    if not isinstance(kernel, Tensor):
        return "no tensor"
    if kernel.shape != (3, 3):
        return "another shape"
    kernel = kernel.double()
    if not kernel.isfinite().all():
        return "not finite"
    rows, columns = kernel.sum(dim=1), kernel.sum(dim=0)  # answers to what changes only downward, only to the right
    if not kernel.any():
        return "all zeros"
    if not _zero(kernel.sum(), kernel):
        return "answers to a flat wall"
    if _zero(columns, kernel):
        return "answers to neither" if _zero(rows, kernel) else "turned"
    if not _zero(rows, kernel):
        return "answers to both"
    if any(
        _zero(kernel / kernel.abs().max() - shown / shown.abs().max(), kernel / kernel.abs().max()) for shown in SHOWN
    ):
        return "copied"
    left, right = -columns[0], columns[2]  # answers to a step up, right and left of the middle column
    if min(left, right) < 0 < max(left, right) and not (_zero(left, kernel) or _zero(right, kernel)):
        return "lines"
    return "wrong way round" if left + right < 0 else ""


def _kernel_wrong(name: str, kernel: Any, sentence: str) -> Wrong:
    return Wrong(name, kernel, sentence, when=lambda value: kernel_fault(value) == name)


HALF = torch.tensor([[0.0, 0, 0], [-1, 0, 1], [0, 0, 0]])  # half of what each row of the others does

KERNEL = ValueExercise(
    name="03.edge_kernel",
    title="Design a detector",
    minutes=5,
    difficulty=2,
    objective="derive a kernel from what it must answer, and what it must not",
    hints=(
        "What must the nine weights add up to, so that a gray wall gives 0, however bright it is?",
        "1. each row adds up to 0  2. the left column is negative, the right one positive  3. any size of numbers",
        "torch.tensor([[-1.0, 0, 1], [-5, 0, 5], [-1, 0, 1]])",
    ),
    accept=lambda kernel: kernel_fault(kernel) == "",
    rights=(HALF, torch.tensor([[0, 0, 0], [0, -1, 1], [0, 0, 0]]), HALF.double() + SOBEL / 8),
    wrongs=(
        _kernel_wrong("no tensor", [[-1, 0, 1]] * 3, "Make a tensor of it: torch.tensor([[...], [...], [...]])."),
        _kernel_wrong("another shape", torch.tensor([[-1.0, 0, 1]]), "Three rows of three numbers are asked for."),
        _kernel_wrong("not finite", SOBEL / 0, "All nine weights must be ordinary numbers."),
        _kernel_wrong("all zeros", torch.zeros(3, 3), "It answers 0 to everything: it also misses every edge."),
        _kernel_wrong(
            "answers to a flat wall",
            torch.tensor([[-1.0, 0, 2]] * 3),
            "On a gray wall it does not give 0, so brightness looks like an edge. The weights must add up to 0.",
        ),
        _kernel_wrong(
            "turned", SOBEL.T, "It finds horizontal edges: it compares below with above. Compare right with left."
        ),
        _kernel_wrong(
            "answers to both",
            torch.tensor([[-2.0, -1, 0], [-1, 0, 1], [0, 1, 2]]),
            "It answers to vertical edges, but to horizontal ones as well. Let each row add up to 0.",
        ),
        _kernel_wrong(
            "answers to neither",
            torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]),
            "Straight edges cancel out in it, upright or level: it only sees spots and corners.",
        ),
        _kernel_wrong(
            "wrong way round",
            SOBEL.flip(1),
            "It finds vertical edges, but a step from dark to bright must give a positive number: mirror it.",
        ),
        _kernel_wrong(
            "copied",
            SOBEL / 8,
            "It keeps the laws, but it is sobel_x or prewitt_x from above, or a multiple. Find weights of your own.",
        ),
        _kernel_wrong(
            "lines",
            torch.tensor([[-1.0, 2, -1]] * 3),
            "It answers to thin upright lines: + in the middle, - on both sides. An edge has a dark and a bright side.",
        ),
    ),
    remark="Three laws, and every kernel that keeps them is a detector. Training will find such kernels by itself.",
)

PICTURE = torch.linspace(-1, 1, 35).reshape(5, 7) ** 2  # falls, then rises


def slide(picture: Tensor, kernel: Tensor) -> Tensor:
    """Return the answer of a kernel of odd size at every pixel (H, W), zeros around the picture."""
    kernel = kernel.to(picture.dtype)
    padding = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    return F.conv2d(picture[None, None], kernel[None, None], padding=padding)[0, 0]


def own_fault(own: Any) -> str:
    """Return the name of the first thing that is wrong with (picture, kernel, answer), "" where all is well."""
    if not isinstance(own, tuple | list) or len(own) != 3 or not all(isinstance(part, Tensor) for part in own):
        return "not three tensors"
    picture, kernel, answer = own
    if picture.ndim != 2:
        return "picture with channels"
    if not picture.is_floating_point() or not ((picture >= 0) & (picture <= 1)).all():
        return "picture not in [0, 1]"
    if kernel.ndim != 2 or not all(side % 2 for side in kernel.shape):
        return "kernel without a middle"
    if not kernel.any():
        return "kernel of zeros"
    if not _zero(kernel.double().sum(), kernel.double()):
        return "kernel is no detector"
    if any(k > n for k, n in zip(kernel.shape, picture.shape, strict=True)):
        return "kernel larger than the picture"
    if answer.shape != picture.shape:
        return "answer of another size"
    return _answer_fault(picture, kernel, answer)


def _answer_fault(picture: Tensor, kernel: Tensor, answer: Tensor) -> str:
    inside = tuple(slice(k // 2, n - k // 2) for k, n in zip(kernel.shape, picture.shape, strict=True))

    def like(expected: Tensor) -> bool:
        """Compare where the whole window lies in the picture: at the border any padding will do."""
        return torch.allclose(answer.to(expected.dtype)[inside], expected[inside], atol=1e-4, rtol=1e-4)

    if like(slide(picture, kernel)):
        return "nothing found" if _zero(slide(picture, kernel)[inside], kernel) else ""
    if like(slide(picture, kernel.flip(0, 1))):
        return "flipped"
    return "unsigned" if like(slide(picture, kernel).abs()) else "another answer"


def _own_wrong(name: str, own: Any, sentence: str) -> Wrong:
    return Wrong(name, own, sentence, when=lambda value: own_fault(value) == name)


OWN_IMAGE = ValueExercise(
    name="03.own_image",
    title="Your own picture, your own kernel",
    minutes=10,
    difficulty=3,
    objective="implement a detector for something in a picture of your own",
    hints=(
        "What does your thing look like in a window of 3 or 5 pixels: a step, a line, a spot?",
        "1. read_image, then .mean(dim=0)  2. a kernel of odd size that adds up to 0  3. conv2d, padding k // 2",
        "own_answer = conv2d(own_gray[None, None], own_kernel[None, None], padding=1)[0, 0]",
    ),
    accept=lambda own: own_fault(own) == "",
    rights=((PICTURE, SOBEL, slide(PICTURE, SOBEL)), [PICTURE, SOBEL[:1], slide(PICTURE, SOBEL[:1])]),
    wrongs=(
        _own_wrong(
            "not three tensors", (PICTURE, SOBEL), "Give three tensors: own = own_gray, own_kernel, own_answer."
        ),
        _own_wrong(
            "picture with channels",
            (PICTURE[None], SOBEL, slide(PICTURE, SOBEL)),
            "The picture must be gray, (H, W): own_picture.mean(dim=0).",
        ),
        _own_wrong(
            "picture not in [0, 1]",
            (255 * PICTURE, SOBEL, slide(255 * PICTURE, SOBEL)),
            "The picture must hold floats from 0 to 1, as read_image gives them.",
        ),
        _own_wrong(
            "kernel without a middle",
            (PICTURE, SOBEL[:2], PICTURE),
            "The kernel needs odd sizes (3 x 3, 1 x 5): only then has it a middle pixel that the answer belongs to.",
        ),
        _own_wrong(
            "kernel is no detector",
            (PICTURE, torch.ones(3, 3) / 9, PICTURE),
            "Your kernel does not add up to 0: it answers to plain brightness, and finds no thing in particular.",
        ),
        _own_wrong(
            "kernel of zeros",
            (PICTURE, 0 * SOBEL, 0 * PICTURE),
            "A kernel of zeros adds up to 0, but answers to nothing.",
        ),
        _own_wrong(
            "kernel larger than the picture",
            (SOBEL.clamp(0, 1), SOBEL.repeat(3, 3), SOBEL),
            "The kernel is larger than the picture. The order is: picture, kernel, answer.",
        ),
        _own_wrong(
            "nothing found",
            (0 * PICTURE + 0.5, SOBEL, slide(0 * PICTURE + 0.5, SOBEL)),
            "Away from the border your kernel answers 0 everywhere: this picture has nothing that it finds.",
        ),
        _own_wrong(
            "answer of another size",
            (PICTURE, SOBEL, slide(PICTURE, SOBEL)[1:-1, 1:-1]),
            "The answer has another size than the picture. Pad with half the kernel: padding=k // 2.",
        ),
        _own_wrong(
            "flipped",
            (PICTURE, SOBEL, slide(PICTURE, SOBEL.flip(0, 1))),
            "This is the answer of your kernel turned by 180 degrees: section 2 has met that.",
        ),
        _own_wrong(
            "unsigned",
            (PICTURE, SOBEL, slide(PICTURE, SOBEL).abs()),
            "You took the absolute value. Keep the sign in the answer, and take .abs() only to look at it.",
        ),
        _own_wrong(
            "another answer", (PICTURE, SOBEL, PICTURE), "The answer is not what this kernel gives on this picture."
        ),
    ),
    open=True,
    remark="For decades such kernels were designed by hand. From chapter 05 on, training finds them.",
)
