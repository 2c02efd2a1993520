"""Pictures and masks: scenes drawn on the spot, real sets, and the reader of files."""
