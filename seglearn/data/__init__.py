"""Pictures and masks: scenes drawn on the spot, real sets, and the reader of files."""

from seglearn.data.drawn import DrawnNuclei, DrawnStreets, drawn_split, in_memory, stack
from seglearn.data.drawn_nuclei import draw_nuclei, instances_to_boundary, instances_to_mask
