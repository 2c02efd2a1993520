"""The ladder's second step, and the flip: one channel, one kernel, no padding, stride 1."""

import torch
import torch.nn.functional as F
from scipy.signal import convolve2d
from torch import Tensor

from seglearn.exercises.ch03.by_hand import SLIDE
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import without

SIZES = [((2, 2), (2, 2)), ((2, 3), (1, 2)), ((3, 4), (2, 2)), ((5, 7), (3, 3)), ((4, 6), (2, 3))]
NOTES = ["one position", "a kernel of one row", "an even kernel", "three by three", "kernel and picture are not square"]


def _pictures(seed: int):
    """Small whole numbers, so that a result can be checked by hand; no kernel is its own mirror image."""
    (size, kernel_size), chance = SIZES[seed], torch.Generator().manual_seed(seed + 30)
    image = torch.randint(0, 10, size, generator=chance).float()
    kernel = torch.randint(-3, 4, kernel_size, generator=chance).float()
    kernel[0, 0], kernel[-1, -1] = 1, 2
    return given(image, kernel, note=NOTES[seed])


def slide(image: Tensor, kernel: Tensor, *, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """Return what torch gives for one picture (H, W) and one kernel (kh, kw), which it does not flip."""
    return F.conv2d(image[None, None], kernel[None, None], padding=padding)[0, 0]


def _places(image: Tensor, kernel: Tensor) -> tuple[int, int]:
    return image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1


def _shifts(image: Tensor, kernel: Tensor):
    """Yield each weight with the part of the picture that it meets."""
    height, width = _places(image, kernel)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            yield kernel[i, j], image[i : i + height, j : j + width]


def _added(image: Tensor, kernel: Tensor) -> Tensor:
    return torch.stack([weight * part for weight, part in _shifts(image, kernel)]).sum(dim=0)


def _swapped(image: Tensor, kernel: Tensor) -> Tensor:
    """Shift down by the column of the weight, and right by its row."""
    height, width = _places(image, kernel)
    result = torch.zeros(height, width)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            result += kernel[i, j] * image[j : j + height, i : i + width]
    return result


def _wrapped(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns = kernel.shape
    parts = (kernel[i, j] * image.roll((-i, -j), (0, 1)) for i in range(rows) for j in range(columns))
    return torch.stack(list(parts)).sum(dim=0)


ADD_SHIFTS = FunctionExercise(
    name="03.add_shifts",
    title="Nine shifted pictures",
    minutes=4,
    difficulty=1,
    objective="implement the sliding window as a sum of shifted pictures, one for each weight",
    hints=(
        "Which part of the picture does the weight in the window's upper left corner meet, over all positions?",
        "1. weight (i, j) always looks i rows down, j columns right  2. cut that part out  3. times the weight  4. add",
        "result += kernel[i, j] * image[i : i + height, j : j + width]",
    ),
    cases=_pictures,
    seeds=5,
    oracle=slide,
    laws=(without(*SLIDE),),
    rights=(_added,),
    wrongs=(
        Wrong(
            "last weight only",
            lambda image, kernel: [w * part for w, part in _shifts(image, kernel)][-1],
            "Only the last weight is left: each turn of your loop overwrites the one before. Add: +=.",
        ),
        Wrong(
            "flipped",
            lambda image, kernel: _added(image, kernel.flip(0, 1)),
            "Your kernel is turned by 180 degrees: the first weight must meet the upper left of the window.",
        ),
        Wrong(
            "shifts swapped",
            _swapped,
            "You shift down by j and right by i. i is a row of the kernel, so it shifts down.",
        ),
        Wrong(
            "no weights",
            lambda image, kernel: _added(image, torch.ones_like(kernel)),
            "You add up the shifted pictures, but forget to multiply each by its weight.",
        ),
        Wrong(
            "mean",
            lambda image, kernel: _added(image, kernel) / kernel.numel(),
            "You divide by the number of weights. The window gives a sum; whoever wants a mean has weights of 1/9.",
        ),
        Wrong(
            "not shifted",
            lambda image, kernel: kernel.sum() * image[: _places(image, kernel)[0], : _places(image, kernel)[1]],
            "You take the same part of the picture for every weight. Shift it by i and j.",
        ),
        Wrong(
            "wrapped around",
            _wrapped,
            "Your result is as large as the picture: what leaves on one side comes back on the other. Cut, don't roll.",
        ),
        Wrong(
            "absolute",
            lambda image, kernel: _added(image, kernel).abs(),
            "You lost the sign: dark after bright must differ from bright after dark.",
        ),
        Wrong("the library's", slide, "Right, but now add the shifted pictures up yourself: the two loops are there."),
    ),
    remark="Nine additions of whole pictures in place of a walk over every pixel: that is already much faster.",
)


def true_convolution(image: Tensor, kernel: Tensor) -> Tensor:
    return slide(image, kernel.flip(0, 1))


FLIP = FunctionExercise(
    name="03.flip",
    title="The convolution of the mathematicians",
    minutes=5,
    difficulty=2,
    objective="implement true convolution with the library's sliding window, which does not flip",
    hints=(
        "Where does the first weight of the kernel stand after the flip?",
        "1. turn the kernel by 180 degrees, so reverse both axes  2. slide it  3. take off the two extra axes",
        "F.conv2d(image[None, None], kernel.flip(0, 1)[None, None])[0, 0]",
    ),
    cases=_pictures,
    seeds=5,
    oracle=true_convolution,
    rights=(
        lambda image, kernel: torch.from_numpy(convolve2d(image.numpy(), kernel.numpy(), mode="valid")),
        lambda image, kernel: slide(image.flip(0, 1), kernel).flip(0, 1),
    ),
    wrongs=(
        Wrong(
            "not flipped",
            slide,
            "This is correlation, which torch.nn calls convolution. The mathematicians' convolution flips the kernel.",
        ),
        Wrong(
            "rows flipped only",
            lambda image, kernel: slide(image, kernel.flip(0)),
            "You turned the kernel upside down. Its columns must be reversed, too.",
        ),
        Wrong(
            "columns flipped only",
            lambda image, kernel: slide(image, kernel.flip(1)),
            "You mirrored left and right. The rows must be reversed, too: flip(0, 1).",
        ),
        Wrong(
            "transposed",
            lambda image, kernel: slide(image, kernel.T),
            "You exchanged rows and columns (.T). A flip keeps the shape: (2, 3) stays (2, 3).",
        ),
        Wrong(
            "turned by 90 degrees",
            lambda image, kernel: slide(image, kernel.rot90()),
            "You turned the kernel by 90 degrees. Twice that, 180, is the flip.",
        ),
        Wrong(
            "sign changed",
            lambda image, kernel: slide(image, -kernel),
            "You changed the sign. For [-1, 0, 1] that looks like a flip, because this kernel is antisymmetric.",
        ),
        Wrong(
            "picture flipped",
            lambda image, kernel: slide(image.flip(0, 1), kernel),
            "You flipped the picture in place of the kernel: now the answer stands on its head as well.",
        ),
        Wrong(
            "answer flipped",
            lambda image, kernel: slide(image, kernel).flip(0, 1),
            "You slid the old kernel, and then flipped the answer. The kernel is what must be flipped.",
        ),
        Wrong(
            "full",
            lambda image, kernel: slide(image, kernel.flip(0, 1), padding=(kernel.shape[0] - 1, kernel.shape[1] - 1)),
            "Your values are right, and zeros around the picture gave you more of them. Here the window stays inside.",
        ),
    ),
    remark="A layer that learns its kernel learns it flipped, and nobody notices. Fixed kernels from books do notice.",
)
