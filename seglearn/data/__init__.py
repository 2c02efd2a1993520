"""Pictures and masks: scenes drawn on the spot, real sets, and the reader of files."""

from seglearn.data.augmentation import (
    Augmented,
    Cutout,
    LabelMask,
    RandomScaleCrop,
    augment,
    nuclei_augmentation,
    set_epoch,
    street_augmentation,
)
from seglearn.data.cards import DatasetCard
from seglearn.data.digits import Digits, DigitScenes
from seglearn.data.download import DownloadError
from seglearn.data.drawn import DrawnNuclei, DrawnStreets, drawn_split, in_memory, stack
from seglearn.data.drawn_nuclei import draw_nuclei, instances_to_boundary, instances_to_mask
from seglearn.data.folders import ImagesAndMasks
from seglearn.data.reading import read_image, read_mask, resize_pair, save_mask
from seglearn.data.registry import DATASETS, fetch, is_present, open_dataset
from seglearn.data.roots import data_root, explain_data_root
from seglearn.data.streets import draw_street
