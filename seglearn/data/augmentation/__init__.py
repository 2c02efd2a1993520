"""Augmentation: torchvision's transforms on image and mask together, guarded; see `augment` and `Augmented`."""

from seglearn.data.augmentation.augmented import Augmented, set_epoch
from seglearn.data.augmentation.masks import LabelMask
from seglearn.data.augmentation.pairs import augment, new_labels
from seglearn.data.augmentation.recipes import nuclei_augmentation, street_augmentation
from seglearn.data.augmentation.transforms import Cutout, RandomScaleCrop
