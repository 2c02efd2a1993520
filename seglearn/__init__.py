"""seglearn: the readable half of a course on image segmentation. Import rooms, not the house."""

__version__ = "0.1.0"
