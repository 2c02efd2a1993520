"""From cells to pixels: where does a score stand, and what happens at the edge?"""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches
from seglearn.upsampling import upsample_bilinear

SIZES = [  # N, K, height, width, cell, why
    (1, 1, 2, 4, 2, "two cells side by side"),
    (1, 2, 4, 6, 2, "not square"),
    (1, 1, 3, 5, 2, "odd sides: the last cells reach beyond the picture"),
    (2, 3, 17, 31, 8, "three poolings of 17 x 31: 3 x 4 cells"),
    (1, 2, 5, 3, 8, "a picture smaller than its only cell"),
    (1, 4, 13, 8, 4, "a rest below, none at the right"),
]


def _sizes(seed: int):
    n, k, height, width, cell, note = SIZES[seed]
    shape = n, k, -(-height // cell), -(-width // cell)
    scores = torch.randint(-9, 10, shape, generator=torch.Generator().manual_seed(70 + seed)).float()
    scores[..., 0, 0], scores[..., -1, -1] = 4, -4  # no map that is its own mirror image
    return given(scores, height, width, cell, note=note)


def to_pixels(scores: Tensor, height: int, width: int, cell: int) -> Tensor:
    return F.interpolate(scores, scale_factor=cell, mode="bilinear")[..., :height, :width]


def _by_weights(scores: Tensor, height: int, width: int, cell: int) -> Tensor:
    """Return the same by hand: every pixel looks at the centers of its neighboring cells."""
    for axis, pixels in ((2, height), (3, width)):
        cells = scores.shape[axis]
        place = ((torch.arange(pixels) + 0.5) / cell - 0.5).clamp(0, cells - 1)
        left = place.floor().long()
        right, share = (left + 1).clamp(max=cells - 1), place - left
        share = share[:, None] if axis == 2 else share
        scores = scores.index_select(axis, left) * (1 - share) + scores.index_select(axis, right) * share
    return scores


def _with_room(scores: Tensor, height: int, width: int, cell: int) -> Tensor:
    size = scores.shape[2] * cell, scores.shape[3] * cell
    return upsample_bilinear(scores, size).narrow(2, 0, height).narrow(3, 0, width)


def _spread(scores: Tensor, height: int, width: int, cell: int) -> Tensor:
    spread = scores.new_zeros(*scores.shape[:2], scores.shape[2] * cell, scores.shape[3] * cell)
    spread[..., ::cell, ::cell] = scores
    return spread[..., :height, :width]


def _cropped_in_the_middle(scores: Tensor, height: int, width: int, cell: int) -> Tensor:
    large = F.interpolate(scores, scale_factor=cell, mode="bilinear")
    top, left = (large.shape[2] - height) // 2, (large.shape[3] - width) // 2
    return large[..., top : top + height, left : left + width]


TO_PIXELS = FunctionExercise(
    name="05.to_pixels",
    title="From cells to pixels",
    minutes=8,
    difficulty=2,
    objective="enlarge a coarse map so that every score stands in the middle of its cell",
    hints=(
        "A cell stands for 8 x 8 pixels, also where it hangs over the edge. How large is the map if it is not cut?",
        "1. enlarge by the factor `cell`, not to the size of the picture  2. cut off what hangs over, below and right",
        'F.interpolate(scores, scale_factor=cell, mode="bilinear", align_corners=False)[..., :height, :width]',
    ),
    cases=_sizes,
    seeds=len(SIZES),
    oracle=to_pixels,
    laws=(gradient_reaches(0),),
    rights=(_by_weights, _with_room),
    wrongs=(
        Wrong(
            "stretched to the picture",
            lambda scores, height, width, cell: F.interpolate(scores, (height, width), mode="bilinear"),
            "You squeeze the map into the picture. Where its last cells hang over the edge, every cell is then too "
            "small, and labels drift away from their things. Enlarge by `cell`, then cut.",
        ),
        Wrong(
            "corners aligned",
            lambda scores, height, width, cell: F.interpolate(
                scores, scale_factor=cell, mode="bilinear", align_corners=True
            )[..., :height, :width],
            "You put the first score into the first pixel. A score stands in the middle of its cell: "
            "align_corners=False.",
        ),
        Wrong(
            "copied",
            lambda scores, height, width, cell: F.interpolate(scores, scale_factor=cell, mode="nearest-exact")[
                ..., :height, :width
            ],
            "Each pixel has the score of its cell: that is nearest. Bilinear is asked for.",
        ),
        Wrong(
            "cut in the middle",
            _cropped_in_the_middle,
            "You cut on all sides. The padding was added below and at the right: cut it there.",
        ),
        Wrong(
            "cut at the wrong side",
            lambda scores, height, width, cell: F.interpolate(scores, scale_factor=cell, mode="bilinear")[
                ..., -height:, -width:
            ],
            "You cut above and at the left. The padding was added below and at the right.",
        ),
        Wrong(
            "not cut",
            lambda scores, height, width, cell: F.interpolate(scores, scale_factor=cell, mode="bilinear"),
            "The last cells hang over the edge of the picture: cut the result to height and width.",
        ),
        Wrong(
            "scores with holes",
            _spread,
            "Each score fills one pixel, and zeros lie between. Blend from center to center.",
        ),
        Wrong(
            "probabilities",
            lambda scores, height, width, cell: to_pixels(scores.softmax(dim=1), height, width, cell),
            "You enlarged probabilities. Enlarge the scores, and decide at each pixel afterwards.",
        ),
    ),
    remark="Scores are blended, never labels: the mean of a 3 and a 7 is no 5.",
)
