"""Numbers to make small. Every loss takes (logits, mask), in this order, and returns one differentiable scalar."""

from seglearn.losses.boundary import boundary_loss, signed_distances
from seglearn.losses.cross_entropy import cross_entropy_loss, focal_loss
from seglearn.losses.lovasz import lovasz_loss
from seglearn.losses.regions import dice_loss, jaccard_loss, tversky_loss
