"""The nuclei world, drawn: cells under a microscope, with an id for each, and the masks that follow from ids."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.checks import check_choice, check_shapes
from seglearn.data.cells import plant
from seglearn.data.microscopes import culture, fluorescence, stained, tissue
from seglearn.data.textures import scene_rng

STYLES = ("fluorescence", "stained")
STAINED_SHARE = 0.2  # of pictures whose style is left to chance; about as many as in BBBC038
SMALLEST = 32  # pixels


def draw_nuclei(
    index: int, *, seed: int = 0, size: tuple[int, int] = (128, 128), style: str | None = None
) -> tuple[Tensor, Tensor]:
    """Return one microscope picture and the map of its nuclei: the same pair for the same arguments.

    A larger `size` shows more of the dish, not larger cells. `style` is "fluorescence", "stained", or left to chance.

    Shapes:
        image     (3, H, W) float32   in [0, 1]
        instances (H, W) int64        0 = background, 1..n; each nucleus is one patch of 16 pixels or more

    Raises:
        ValueError: `size` is below 32 x 32, `index` or `seed` is negative, or `style` is another word.

    Example:
        >>> image, instances = draw_nuclei(0, size=(64, 96))
        >>> image.shape, instances.shape, instances.min()
        (torch.Size([3, 64, 96]), torch.Size([64, 96]), tensor(0))
    """
    height, width = size
    if min(index, seed) < 0:
        raise ValueError(f"draw_nuclei: index and seed must be 0 or more, got {index} and {seed}.")
    if min(size) < SMALLEST:
        raise ValueError(f"draw_nuclei: size must be at least ({SMALLEST}, {SMALLEST}), got {(height, width)}.")
    rng = scene_rng(seed, index)
    chance = STYLES[int(rng.random() < STAINED_SHARE)]
    style = chance if style is None else style
    check_choice("draw_nuclei", "style", style, STYLES)
    population = (culture if style == "fluorescence" else tissue)(rng, min(size))
    cells, instances = plant(rng, height, width, population)
    if style == "fluorescence":
        image = fluorescence(rng, cells, height, width)
    else:
        image = stained(rng, cells, population, height, width)
    return torch.from_numpy(image), torch.from_numpy(instances)


def instances_to_mask(instances: Tensor) -> Tensor:
    """Return the semantic mask behind a map of ids, as labels of NUCLEI: 1 where there is any nucleus.

    Shapes:
        instances (H, W) integer   0 = background
        result    (H, W) int64     0 or 1

    Example:
        >>> instances_to_mask(torch.tensor([[0, 1, 2]]))
        tensor([[0, 1, 1]])
    """
    check_shapes("instances_to_mask", instances=(instances, "H W"))
    return (instances > 0).long()


def instances_to_boundary(instances: Tensor) -> Tensor:
    """Return background, interior and boundary, as labels of NUCLEI_BOUNDARY.

        boundary = pixels of a nucleus with another id, or background, among their 8 neighbors

    So the interiors of two touching nuclei never touch, not even by a corner: connected interiors are nuclei, and
    counting becomes possible. Beyond the picture's border there is nothing, hence no boundary. A nucleus of two
    pixels' width is all boundary.

    Shapes:
        instances (H, W) integer   0 = background
        result    (H, W) int64     0 background, 1 nucleus (interior), 2 boundary

    Example:
        >>> instances_to_boundary(torch.tensor([[1, 1, 2, 2, 2, 0]]))
        tensor([[1, 2, 2, 1, 2, 0]])

    Source: Caicedo et al. 2019, doi:10.1002/cyto.a.23863 (a U-Net with these three classes).
    """
    check_shapes("instances_to_boundary", instances=(instances, "H W"))
    ids = instances.double()[None]  # exact for every id that fits into a picture
    highest = F.max_pool2d(ids, kernel_size=3, stride=1, padding=1)[0]
    lowest = -F.max_pool2d(-ids, kernel_size=3, stride=1, padding=1)[0]
    mask = instances_to_mask(instances)
    return torch.where((mask == 1) & (highest != lowest), 2, mask)
