"""When more of the same no longer helps."""

from seglearn.training.history import History


def out_of_patience(history: History, patience: int | None) -> bool:
    """Say whether the best epoch is `patience` epochs ago; None never loses patience.

    Example:
        >>> diary = History()
        >>> for score in (0.5, 0.7, 0.6, 0.7):
        ...     diary.add(loss=1.0, val_loss=1.0, score=score, elapsed_s=0.0)
        >>> diary.best_epoch = 2
        >>> out_of_patience(diary, 2), out_of_patience(diary, 3)
        (True, False)

    Source: Prechelt 1998, doi:10.1007/3-540-49430-8_3.
    """
    return patience is not None and len(history) > 0 and len(history) - history.best_epoch >= patience
