"""Ready-made augmentation: short lists to read, copy and change."""

from torchvision.transforms import v2

from seglearn.data.augmentation.transforms import GRAY, Color, Cutout, RandomScaleCrop


def street_augmentation(size: tuple[int, int]) -> v2.Compose:
    """Return what a street may look like on another day: mirrored, nearer or farther, in another light.

    Never upside down: the sky is above. Colors change, but their tone does not: a tree that is blue teaches nothing.

    Args:
        size: (height, width) of what comes out.
    """
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(p=0.5),
            RandomScaleCrop(size, scale=(0.75, 1.5)),
            v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3),
        ]
    )


def nuclei_augmentation(size: tuple[int, int], *, fill: Color = GRAY) -> v2.Compose:
    """Return what a microscope may show: turned and mirrored in any way, larger or smaller, brighter, blurred, noisy.

    Cells have no up and down: all eight turns and mirror images are as likely.

    Args:
        size: (height, width) of what comes out, from 2 on.
        fill: the color beyond the edge: 0.0 for fluorescence, where the background is black.
    """
    turns = [v2.RandomRotation((angle, angle), expand=True) for angle in (0, 90, 180, 270)]  # no pixel is blended
    return v2.Compose(
        [
            v2.RandomChoice(turns),
            v2.RandomHorizontalFlip(p=0.5),
            RandomScaleCrop(size, scale=(0.75, 1.5), fill=fill),
            v2.ColorJitter(brightness=0.3, contrast=0.3),
            v2.RandomApply([v2.GaussianBlur(3, sigma=(0.3, 1.0))], p=0.2),
            v2.RandomApply([v2.GaussianNoise(sigma=0.03)], p=0.3),
            Cutout(p=0.2, fill=fill),
        ]
    )
