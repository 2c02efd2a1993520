# %% [markdown]
# # 08 · IoU and friends: numbers that judge
#
# **Question of this chapter:** when somebody writes "mean IoU 0.67", what exactly did they count, and what did they not see?
#
# After it you can
# - **implement** a confusion matrix, and **compute** every class score from it,
# - **diagnose** why two programs report different mean IoUs for one prediction,
# - **implement** the boundary band, and **explain** what it sees that areas hide,
# - **derive** panoptic quality by hand,
# - **measure** whether a network's confidence is honest, and **mend** it with one number.
#
# *Time: 60 minutes, and 25 more with stretch and transfer. You need: chapters 00 and 01; 03, 04 and 07 for the first questions. Running everything takes about 40 seconds on two cores, half of it a small training; no GPU, no network.*

# %% tags=["setup"]
import json
import math
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt
from torch.utils.data import DataLoader

from seglearn.data import DrawnStreets, in_memory, read_image, read_mask, stack
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import IGNORE, STREETS
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import average_precision, boundary, boundary_iou, calibration_error, confusion_matrix, dice, f1
from seglearn.metrics import iou, label_map, mean_iou, panoptic_quality, pixel_accuracy, precision, recall, reliability
from seglearn.models import UNet
from seglearn.plots import describe, panels, show_confusion, show_image, show_instances, show_mask, show_overlay
from seglearn.plots import show_reliability, show_scores, show_sweep
from seglearn.training import fit, fit_temperature, seed_everything, warmup_cosine
from seglearn.widgets import PaintExplorer

SAMPLES, K = Path("../data/samples/streets"), len(STREETS)
ROAD, PERSON, POLE = (STREETS.index(name) for name in ("road", "person", "pole"))
print("CPU is enough here; the streets are drawn by the course.")

# %% [markdown]
# ## Looking back
#
# Three questions from earlier chapters, one minute each: **08.recall_losses**, **08.recall_pooling**, **08.recall_convolution**. Run a check to read its question, then answer with a letter in quotes.

# %% tags=["exercise", "08.recall_losses"]
### BEGIN SOLUTION
recall_losses = "a"
### END SOLUTION

# %% tags=["check", "08.recall_losses"]
check("08.recall_losses", recall_losses)

# %% tags=["exercise", "08.recall_pooling"]
### BEGIN SOLUTION
recall_pooling = "c"
### END SOLUTION

# %% tags=["check", "08.recall_pooling"]
check("08.recall_pooling", recall_pooling)

# %% tags=["exercise", "08.recall_convolution"]
### BEGIN SOLUTION
recall_convolution = "d"
### END SOLUTION

# %% tags=["check", "08.recall_convolution"]
check("08.recall_convolution", recall_convolution)

# %% [markdown]
# ## What went wrong here?
#
# Two guesses for one street. A judge prefers A. *What has A done, and how could that win?*

# %% tags=["data"]
street, truth = read_image(SAMPLES / "images" / "003.png"), read_mask(SAMPLES / "labels" / "003.png", classes=K)
known = truth.where(truth != IGNORE, ROAD)
small = (known == PERSON) | (known == POLE)
y, x = torch.from_numpy(distance_transform_edt(small.numpy(), return_distances=False, return_indices=True)).long()
guess_a = known[y, x]               # every person and pole is painted over with what is nearest
guess_b = known.roll(2, dims=1)     # everything is there, two pixels too far right

# %%
tables = [confusion_matrix(pred[None], truth[None], K) for pred in (guess_a, guess_b)]
accuracies = [pixel_accuracy(table).item() for table in tables]
assert accuracies[0] > accuracies[1] + 0.02 and mean_iou(tables[0]) < mean_iou(tables[1])

names = [f"Guess {name}: accuracy {accuracy:.3f}" for name, accuracy in zip("AB", accuracies, strict=True)]
axes = panels(3, titles=["The truth", *names])
for ax, labels in zip(axes, (truth, guess_a, guess_b), strict=True):
    show_overlay(street, labels, STREETS, ax, legend=False)
describe(axes[1], "all people and poles are gone; houses and road close the gaps.")
describe(axes[2], "everything is there, and every edge is two pixels off.")
plt.show()

# %% [markdown]
# A has deleted every person and every pole. **Pixel accuracy** prefers it, because people and poles are few pixels. A score is an answer to a question, and this one asked the wrong question.
#
# ## 1 · Count once, ask often
#
# Let us count each pixel once, in a table: row = what it is, column = what it was called. This **confusion matrix** holds everything that class scores ask for, and tables of two batches simply add.
#
# **Predict.** *The pole's row of B's table is added up, all its columns. What is that number? Choose: "poles found", "true poles", "called pole".*

# %%
guess("08.row", ...)

# %% [markdown]
# **Step 1: the loop.** It is complete; read it. Then the library, and the proof that they agree.

# %%
counted = torch.zeros(K, K, dtype=torch.int64)
for t, p in zip(truth.flatten().tolist(), guess_b.flatten().tolist(), strict=True):
    if t != IGNORE:                    # nobody knows: not counted at all
        counted[t, p] += 1

assert torch.equal(counted, confusion_matrix(guess_b[None], truth[None], K))
assert counted[POLE].sum() == (truth == POLE).sum()
assert set(recall(counted).argsort()[:2].tolist()) == {POLE, PERSON}   # the two least found
gap("08.row", "true poles")

# %%
show_confusion(counted, STREETS, title="Guess B: poles and people suffer most (% of each row)")
plt.show()

# %% [markdown]
# **Exercise 08.count** (warm-up, 4 minutes): **step 2, half done.** *One number per pixel says its cell. Count these numbers, and fold the line into a table. No void here.*

# %% tags=["exercise", "08.count"]
def count(pred, mask, classes):
    """Return the confusion matrix (K, K) int64 of two maps (H, W) with labels 0..K-1; row = truth."""
    cell = mask * classes + pred  # (H, W): 0 .. K*K - 1
    ### BEGIN SOLUTION
    return torch.bincount(cell.flatten(), minlength=classes**2).reshape(classes, classes)
    ### END SOLUTION

# %% tags=["check", "08.count"]
check("08.count", count)

# %% [markdown]
# ### Five questions to one table
#
# For class k: **hits** stand on the diagonal, the row sum is what is truly k, the column sum is what was called k.
#
# | Score | asks |
# |---|---|
# | precision = hits / called | of what I called pole, how much is pole? |
# | recall = hits / true | of the poles, how many did I find? |
# | F1 = Dice = 2 hits / (called + true) | both, as their harmonic mean |
# | IoU = hits / (called + true - hits) | both, and stricter |
#
# Three painters look for poles in 40 streets. *Lazy* paints nothing. *Bold* paints each pole and two pixels around it. *Shy* paints poles exactly, but only in the upper half of the picture.
#
# **Predict.** *Which accuracy does the lazy painter get?*

# %%
guess("08.lazy", ...)

# %% tags=["data"]
poles = torch.stack([mask for _, mask in DrawnStreets(40, seed=0)]) == POLE                      # (40, 64, 96)
upper = torch.arange(64)[:, None] < 32
painters = {
    "lazy": torch.zeros_like(poles),
    "bold": F.max_pool2d(poles.float(), 5, stride=1, padding=2) > 0,
    "shy": poles & upper,
}

# %%
print(" " * 6 + "".join(f"{name:>11}" for name in ("accuracy", "precision", "recall", "F1 = Dice", "IoU")))
judged = {}
for name, painted in painters.items():
    table = confusion_matrix(painted.long(), poles.long(), 2)
    of_poles = [score(table)[1].item() for score in (precision, recall, f1, iou)]
    judged[name] = [pixel_accuracy(table).item(), *of_poles]
    print(f"{name:6}" + "".join(f"{value:11.3f}" for value in judged[name]))
    assert torch.allclose(dice(table), 2 * iou(table) / (1 + iou(table))) and torch.equal(dice(table), f1(table))

assert judged["lazy"][0] > judged["bold"][0] and judged["lazy"][1:] == [0, 0, 0, 0]
assert judged["bold"][2] == 1 and judged["shy"][1] == 1
gap("08.lazy", round(judged["lazy"][0], 3))

# %% [markdown]
# By accuracy, doing nothing beats finding every pole! The other scores see it. The loop also proved two identities: Dice is F1, and **Dice = 2 IoU / (1 + IoU)**. For one class the two always rank alike, and Dice looks nicer: ask which of them you are told.
#
# The lazy precision is 0 / 0. We say 0: a class that is there and never predicted is a failure. NaN, "nothing was asked", remains for classes in neither map.
#
# **Exercise 08.scores** (core, 6 minutes; objective: compute three scores and decide their empty cases).

# %% tags=["exercise", "08.scores"]
def three_scores(confusion):
    """Return precision, recall and F1 as rows (3, K) float64.

    A class in only one of the maps: 0. A class in neither: NaN.
    """
    ### BEGIN SOLUTION
    hit = confusion.diagonal().double()
    true, called = confusion.sum(dim=1), confusion.sum(dim=0)
    scores = torch.stack([hit / called.clamp(min=1), hit / true.clamp(min=1), 2 * hit / (true + called)])
    return scores.where(true + called > 0, math.nan)
    ### END SOLUTION

# %% tags=["check", "08.scores"]
check("08.scores", three_scores)

# %% [markdown]
# Why whole numbers? A `float32` counter stops at 2^24, the pixels of one picture of 4096 x 4096:

# %% tags=["nbval-check-output"]
in_float, in_int = torch.tensor(2.0**24), torch.tensor(2**24)
for _ in range(1000):
    in_float, in_int = in_float + 1, in_int + 1
int(in_float), int(in_int)

# %% [markdown]
# A thousand pixels came, and were not counted. That is why confusion matrices here are `int64`.
#
# ## 2 · One prediction, nine mean IoUs
#
# Two pictures of six pixels, five classes: sky, building, road, pavement, tree. Two pixels are void (hatched).

# %% tags=["data"]
mask = torch.tensor([[[0, 0, 0], [1, 1, 0]], [[0, 0, 255], [2, 2, 255]]])
pred = torch.tensor([[[0, 0, 0], [1, 1, 0]], [[0, 0, 2], [3, 1, 0]]])

# %%
def draw_pixels(ax, height, width):
    """Draw a thin line between the pixels, so that they can be counted."""
    ax.vlines(torch.arange(width - 1) + 0.5, -0.5, height - 0.5, color="white", linewidth=0.7, zorder=0.5)
    ax.hlines(torch.arange(height - 1) + 0.5, -0.5, width - 0.5, color="white", linewidth=0.7, zorder=0.5)


axes = panels(4, titles=["First truth", "First guess: perfect", "Second truth", "Second guess: road missed"], width=2.3)
for ax, labels in zip(axes, (mask[0], pred[0], mask[1], pred[1]), strict=True):
    draw_pixels(show_mask(labels, STREETS, ax), 2, 3)
plt.show()

# %% [markdown]
# **Predict.** *The mean IoU of these 12 pixels? Count by hand; decide yourself what to do with void, with pavement (only guessed) and with tree (nowhere).*

# %%
guess("08.twelve", ...)

# %% tags=["data"]
table = confusion_matrix(pred, mask, 5)
whole = iou(table)                                                                               # (5,)
tables = [confusion_matrix(p[None], m[None], 5) for p, m in zip(pred, mask, strict=True)]
each = torch.stack([iou(one) for one in tables])                                                 # (2, 5)
there = torch.stack([(mask == k).any(dim=(1, 2)) for k in range(5)], dim=1)                      # (2, 5): in its truth?
hits = table.diagonal().sum().double()

answers = {
    "class 0 left out": whole[1:].nanmean(),
    "an absent class gets 0": whole.nan_to_num(0).mean(),
    "void counts as class 0": mean_iou(confusion_matrix(pred, mask.where(mask != IGNORE, 0), 5)),
    "one table, absent classes leave": whole.nanmean(),
    "mean of all (image, class) pairs": each.nanmean(),
    "an absent class gets 1": whole.nan_to_num(1).mean(),
    "mean over images": each.nanmean(dim=1).mean(),
    "all classes in one pot (micro)": hits / (2 * table.sum() - hits),
    "mean over images, true classes only": each.where(there, math.nan).nanmean(dim=1).mean(),
}
answers = {name: value.item() for name, value in answers.items()}
assert torch.allclose(whole, torch.tensor([6 / 6, 2 / 3, 0 / 3, 0 / 1, math.nan]).double(), equal_nan=True)

# %%
show_scores(answers, title="Twelve pixels, nine answers", chosen="one table, absent classes leave")
plt.show()
assert len({round(value, 2) for value in answers.values()}) == 9
assert min(answers.values()) < 0.23 and max(answers.values()) == 0.75
gap("08.twelve", round(answers["one table, absent classes leave"], 3))

# %% [markdown]
# From 0.22 to 0.75, all of them "the mean IoU". The course's tests call each library of this table, with void removed first where it knows no void:
#
# | Convention | Somebody who does it |
# |---|---|
# | class 0 left out | scikit-learn `jaccard_score(labels=[1, 2, 3], average="macro")` |
# | an absent class gets 0 | scikit-learn `jaccard_score(labels=range(5), average="macro")` |
# | void counts as class 0 | a mask reader that starts with zeros (chapter 01) |
# | **one table, absent classes leave** | **this course**; torchmetrics `MulticlassJaccardIndex(ignore_index=255)` |
# | mean of all pairs | torchmetrics `segmentation.MeanIoU` |
# | an absent class gets 1 | segmentation-models-pytorch `iou_score(reduction="macro")` |
# | mean over images | torchmetrics `functional.segmentation.mean_iou`, then its mean |
# | all classes in one pot | `reduction="micro"` in segmentation-models-pytorch |
# | images, true classes only | MONAI `MeanIoU` |
#
# One trap more: torchmetrics' `ignore_index=0` drops the *pixels* that truly are class 0, not only its vote. A sky pixel called building is then no mistake.
#
# Per image or per data set? The data-set table asks about pixels: a large object rules. The mean over images asks about pictures: a patient with a small tumor counts as much as one with a large one. Both are fair questions. Name the one you asked, and never compare across.
#
# **Exercise 08.mean_iou** (core, 8 minutes): **step 3, all yours.** *From two batches of maps to our convention: one table, void dropped, absent classes do not vote, a class only guessed counts 0.* Our check knows more than twenty other means by name.

# %% tags=["exercise", "08.mean_iou"]
def batch_mean_iou(pred, mask, classes):
    """Return the mean IoU, a float, of maps (N, H, W): pred 0..K-1, mask 0..K-1 or 255. Nothing valid: nan."""
    ### BEGIN SOLUTION
    seen = mask != 255
    cell = mask[seen] * classes + pred[seen]
    table = torch.bincount(cell, minlength=classes**2).reshape(classes, classes)
    hit = table.diagonal().double()
    return (hit / (table.sum(dim=0) + table.sum(dim=1) - hit)).nanmean().item()
    ### END SOLUTION

# %% tags=["check", "08.mean_iou"]
check("08.mean_iou", batch_mean_iou)

# %% [markdown]
# **Exercise 08.break_average** (break it, 5 minutes; objective: construct a batch that exposes a convention). *A colleague averages the mean IoUs of images; the test below finds no harm in it. Make the test fail: `breaks_it = pred, mask`, each (2, H, W), at most 12 pixels, labels 0 and 1 (255 in the mask is allowed), a difference of at least 0.3.*

# %% tags=["data"]
def colleague_is_right(pred, mask):
    per_image = [mean_iou(confusion_matrix(p[None], m[None], 2)) for p, m in zip(pred, mask, strict=True)]
    return bool(abs(sum(per_image) / 2 - mean_iou(confusion_matrix(pred, mask, 2))) < 0.3)


colleague_is_right(torch.tensor([[[0, 1]], [[0, 0]]]), torch.tensor([[[0, 1]], [[0, 1]]]))

# %% tags=["exercise", "08.break_average"]
### BEGIN SOLUTION
breaks_it = torch.zeros(2, 1, 4, dtype=torch.int64), torch.tensor([[[0, 255, 255, 255]], [[1, 1, 1, 1]]])
### END SOLUTION

# %% tags=["check", "08.break_average"]
check("08.break_average", breaks_it)

# %% [markdown]
# ## 3 · Edges: what areas hide
#
# Twice as large an object has four times the pixels, and only twice the outline. Let the whole outline be wrong: of a large object, the IoU hardly notices. **Boundary IoU** compares only a **band**: the pixels of an object within d pixels of its outside (d is 2 % of the picture's diagonal, rounded, at least 1).
#
# **Predict.** *A square of 10 x 10 pixels, d = 1. The guess is the square moved right by one pixel; its IoU is 90 / 110 = 0.82. And its boundary IoU?*

# %%
guess("08.band", ...)

# %%
square = torch.zeros(16, 17, dtype=torch.bool)
square[3:13, 3:13] = True
moved = square.roll(1, dims=1)

ring = torch.zeros_like(square)
for row in range(1, 15):
    for column in range(1, 16):
        window = square[row - 1 : row + 2, column - 1 : column + 2]    # the pixel and its eight neighbors
        ring[row, column] = square[row, column] and not window.all()
assert torch.equal(ring, boundary(square, width=1))

# %%
other = boundary(moved, width=1)
assert (square & moved).sum() == 90 and (square | moved).sum() == 110
assert (ring & other).sum() == 18 and (ring | other).sum() == 54
assert boundary_iou(moved, square, dilation_ratio=1 / 23) == 18 / 54   # the diagonal is 23 pixels: d = 1

titles = ["Both squares: IoU 0.82", "The band of the square", "Both bands: 18 of 54 shared"]
left, middle, right = panels(3, titles=titles, width=2.6)
show_image((square.float() + moved.float())[None] / 2, left)
show_image(ring.float()[None], middle)
show_image((ring.float() + other.float())[None] / 2, right)
describe(left, "a white square; its left and right columns are gray: only one of the two masks is there.")
describe(middle, "a ring, one pixel wide.")
describe(right, "two rings; they share only the top and bottom rows.")
plt.show()
gap("08.band", round(18 / 54, 2))

# %% [markdown]
# **Exercise 08.band** (core, 7 minutes; objective: implement the band by erosion). *Any width. Beyond the picture counts as outside.*

# %% tags=["exercise", "08.band"]
def band(mask, width):
    """Return where a mask (H, W) bool lies within `width` pixels (diagonals count as one) of its outside."""
    ### BEGIN SOLUTION
    size = 2 * width + 1
    ones = torch.ones(1, 1, size, size, device=mask.device)
    inner = F.conv2d(mask[None, None].float(), ones, padding=width)[0, 0] == size**2
    return mask & ~inner
    ### END SOLUTION

# %% tags=["check", "08.band"]
check("08.band", band)

# %% [markdown]
# **Exercise 08.paint** (core, 5 minutes; objective: construct a guess on which two judges disagree). *Below stands a perfect outline, empty inside. Paint and erase, with the mouse or with arrow keys and space, until Dice is at least 0.8 **and**, in the same picture, boundary IoU at most 0.5.* Plan first: which pixels does one judge count, and the other not?

# %% tags=["data"]
explorer = PaintExplorer()

# %% tags=["exercise", "08.paint"]
### BEGIN SOLUTION
explorer.pred = F.max_pool2d(  # the whole sign, and one pixel around it
    torch.from_numpy(explorer.given["truth"])[None, None].float(), 3, stride=1, padding=1
)[0, 0] > 0
### END SOLUTION
explorer

# %% tags=["check", "08.paint"]
check("08.paint", explorer)

# %% [markdown]
# ### Experiment: shift the truth
#
# We take true masks as guesses, moved right by 0 to 3 pixels. Three worlds of 20 streets each.
#
# **Hypothesis 1.** At 2 pixels, accuracy still looks good: above 0.85. **Hypothesis 2.** At 1 pixel, the road's boundary IoU loses at least four times as much as its IoU. **Hypothesis 3.** At 1 pixel, the poles' boundary IoU, too, tells more than their IoU: at least double the loss.

# %%
SEEDS, SCENES, SHIFTS = (0, 1, 2), 20, (0, 1, 2, 3)
JUDGES = ("accuracy", "road IoU", "road boundary IoU", "pole IoU", "pole boundary IoU")


def scores_of_shift(masks, shift_px):
    """Return the five scores of masks (N, H, W) that are moved right; what leaves the picture is cut off."""
    moved, truth = masks[..., : masks.shape[-1] - shift_px], masks[..., shift_px:]
    table = confusion_matrix(moved, truth, K)
    row = [pixel_accuracy(table)]
    for k in (ROAD, POLE):
        edges = [boundary_iou(m == k, t == k) for m, t in zip(moved, truth, strict=True)]
        row += [iou(table)[k], torch.stack(edges).nanmean()]
    return torch.stack(row)


worlds = [torch.stack([m for _, m in DrawnStreets(SCENES, seed=seed)]) for seed in SEEDS]
runs = torch.stack([torch.stack([scores_of_shift(masks, s) for s in SHIFTS]) for masks in worlds])  # (3, 4, 5)
mean, spread = runs.mean(dim=0), runs.std(dim=0)

# %%
print("mean and spread over 3 seeds\n\nshift" + "".join(f"{name:>19}" for name in JUDGES))
for s, m, d in zip(SHIFTS, mean, spread, strict=True):
    print(f"{s} px " + "".join(f"{f'{a:.3f} ± {b:.3f}':>19}" for a, b in zip(m, d, strict=True)))

curves = {name: (mean[:, i], spread[:, i]) for i, name in enumerate(JUDGES[:4])}
title = "Accuracy and the road's IoU shrug; edges and poles do not"
show_sweep(SHIFTS, curves, title=title, xlabel="shift in pixels", ylabel="score")
plt.show()

# %%
_, road_area, road_edge, pole_area, pole_edge = (1 - runs[:, 1]).T          # lost at 1 pixel, (3,) each
more = {"road": road_edge - 4 * road_area, "pole": 2 * pole_area - pole_edge}
width = round(0.02 * math.hypot(*worlds[0].shape[1:]))
of_band = [sum(boundary(m == k, width=width).sum() for m in worlds[0]) / (worlds[0] == k).sum() for k in (ROAD, POLE)]
for name, share, times in zip(("road", "pole"), of_band, (road_edge / road_area, pole_edge / pole_area), strict=True):
    print(f"{name}: {share:.0%} of its pixels are band; boundary IoU loses {times.mean():.1f} times what IoU loses")

assert mean[2, 0] - 0.85 > 5 * spread[2, 0]                           # hypothesis 1: yes
assert more["road"].mean() > 5 * more["road"].std()                   # hypothesis 2: yes
assert more["pole"].mean() > 5 * more["pole"].std()                   # hypothesis 3: no, less than double
assert of_band[0] < 0.35 and of_band[1] > 0.75

# %% [markdown]
# **Verdict.** 1 and 2 hold, and 3 fails, each by more than five times the spread. A pole is mostly band, so its IoU already *is* nearly a boundary score. Boundary IoU earns its place on large objects.
#
# ## 4 · Things: panoptic quality by hand
#
# Pixels of a class do not say how many cars there are (chapter 01). **Panoptic quality** matches segments: a guessed and a true car are a pair if their IoU is **above 1/2**. Two disjoint guesses cannot both own more than half of one car, so nobody has to choose. Then
#
# $$PQ = \frac{\text{sum of the pairs' IoUs}}{\text{pairs} + \frac{1}{2}\,\text{false alarms} + \frac{1}{2}\,\text{misses}} = \underbrace{\text{mean IoU of the pairs}}_{SQ} \times \underbrace{\text{F1 of finding}}_{RQ}$$

# %% tags=["data"]
cars = torch.tensor([
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 2, 2, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 2, 2, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 3, 3, 3, 3, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
])
found = torch.tensor([
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 4, 4],
    [0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 4, 4],
    [0, 0, 1, 1, 1, 1, 0, 3, 3, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
])

# %%
left, right = panels(2, titles=["Truth: three cars, and a void corner", "Guess: four segments"], width=4, height=2.1)
ground = torch.where(cars == IGNORE, 0.55, 0.85)[None]
for ax, numbers in ((left, cars.where(cars != IGNORE, 0)), (right, found)):
    draw_pixels(show_instances(ground, numbers, ax), *cars.shape)
    ax.text(11, 0, "void", color="white", fontsize=8, ha="center", va="center_baseline")
describe(left, "car 1 has 3 x 4 pixels, car 2 has 2 x 2, car 3 has 2 x 4; a darker corner of 3 x 2 pixels is void.")
describe(right, "1 is car 1 moved by one, 2 is car 2 and a column more, 3 is half of car 3, 4 lies on void.")
plt.show()

# %% [markdown]
# **Predict.** *Count with your finger: which pairs, which IoUs, and what is PQ?* A guess that lies mostly on void is excused.

# %%
guess("08.pq", ...)

# %%
car_1 = 9 / (12 + 12 - 9)                    # shared / either
car_2 = 4 / 6
car_3 = 4 / 8                                # exactly one half: no pair, so a miss and a false alarm
pairs, misses, false_alarms = 2, 1, 1        # segment 4 lies on void: excused
by_hand = (car_1 + car_2) / (pairs + misses / 2 + false_alarms / 2)

segments, guesses = cars.where(cars != IGNORE, -1) + 1, found + 1   # now 0 is void, 1 is ground, cars from 2 on
kinds = [{n: int(n > 1) for n in m.unique().tolist() if n} for m in (guesses, segments)]
quality = panoptic_quality(guesses, segments, *kinds, classes=2)
assert math.isclose(by_hand, quality.pq[1]) and math.isclose(quality.sq[1] * quality.rq[1], by_hand)
print(f"SQ {quality.sq[1]:.3f} x RQ {quality.rq[1]:.3f} = PQ {quality.pq[1]:.3f}")
gap("08.pq", round(by_hand, 3))

# %% [markdown]
# **Exercise 08.pq** (stretch, 15 minutes; objective: derive PQ from two maps of numbered segments). *One class; 0 is ground, 255 in the truth is void.*

# %% tags=["exercise", "08.pq"]
def pq(pred, truth):
    """Return PQ, a float, of maps (H, W): numbers of segments, 0 = none, 255 in truth = void. Nothing at all: nan."""
    ### BEGIN SOLUTION
    void = truth == 255
    mine = [pred == n for n in pred.unique() if n != 0]
    theirs = [truth == n for n in truth.unique() if n not in (0, 255)]
    iou_sum, hits, excused = 0.0, 0, 0
    for guessed in mine:
        ious = [((guessed & true).sum() / ((guessed & ~void) | true).sum()).item() for true in theirs]
        best = max(ious, default=0)
        iou_sum, hits = iou_sum + best * (best > 0.5), hits + (best > 0.5)
        excused += best <= 0.5 and 2 * (guessed & void).sum() > guessed.sum()
    size = hits + (len(mine) - hits - int(excused)) / 2 + (len(theirs) - hits) / 2
    return iou_sum / size if size else math.nan
    ### END SOLUTION

# %% tags=["check", "08.pq"]
check("08.pq", pq)

# %% [markdown]
# Detectors also rank their finds by a score. **Average precision** (AP) walks down the ranking and asks, at each car found: how precise is the list up to here, or further down, if it is better there? A car never found gives 0; the mean over all true cars is AP. By hand, for four finds and three cars:

# %%
ranked = [True, False, True, False]                          # by falling score: does it match a car of its own?
at_hits = [sum(ranked[: i + 1]) / (i + 1) for i, hit in enumerate(ranked) if hit]      # 1/1 and 2/3
at_best = [max(at_hits[i:]) for i in range(len(at_hits))]    # falling already: nothing is better further down
overlaps = torch.tensor([[0.9, 0, 0], [0.3, 0, 0], [0, 0.7, 0], [0, 0, 0.4]])          # IoU: finds x cars
ap = average_precision(overlaps, torch.tensor([0.9, 0.8, 0.7, 0.6]))
assert math.isclose(sum(at_best) / 3, ap) and math.isclose(ap, 5 / 9)
print(f"AP at IoU 0.5: ({' + '.join(f'{p:.2f}' for p in at_best)} + 0) / 3 = {ap:.3f}")

# %% [markdown]
# ## 5 · Does it mean what it says?
#
# A network gives each pixel a **confidence**, its highest probability. It is honest, or **calibrated**, if of all pixels called "0.9 sure" nine in ten are right. No confusion matrix can tell. We train a U-Net far too long on twelve streets, on purpose.
#
# **Predict.** *On new streets its mean confidence is about 0.9. How many of its pixels are right (0 to 1)?*

# %%
guess("08.honest", ...)

# %% tags=["train"]
SEED, PICTURES, SMALL = 0, 12, (48, 72)                              # few pictures ...
EPOCHS, BATCH, RATE, NET = 100, 4, 1e-2, dict(widths=(16, 32, 64), convs=1)   # ... seen far too often

generator = seed_everything(SEED)
few = in_memory(DrawnStreets(PICTURES, seed=10 + SEED, size=SMALL), fill=True, progress=False)
val_images, val_masks = stack(DrawnStreets(30, seed=100 + SEED, size=SMALL))
test_images, test_masks = stack(DrawnStreets(40, seed=200 + SEED, size=SMALL))

model = UNet(channels=3, classes=K, **NET)
batches = DataLoader(few, batch_size=BATCH, shuffle=True, generator=generator)
optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
schedule = warmup_cosine(optimizer, steps=EPOCHS * len(batches))
history = fit(model, batches, loss=cross_entropy_loss, epochs=EPOCHS, optimizer=optimizer, scheduler=schedule)

# %% tags=["train"]
model = model.cpu().eval()
with torch.inference_mode():
    val_logits, logits = model(val_images), model(test_images)       # (N, K, H, W)
probs = logits.softmax(dim=1)
before = calibration_error(probs, test_masks).item()
score = mean_iou(confusion_matrix(label_map(logits), test_masks, K)).item()

# %%
confidence, answer = probs.max(dim=1)                                # (40, 48, 72) each
right = answer == test_masks
says, was = confidence.mean().item(), right.double().mean().item()
print(f"it says {says:.2f} on average and is right in {was:.2f}; mean IoU {score:.2f}")
if not history.interrupted:
    assert says > 0.85 and says - was > 0.08 and before > 0.08

bin_14 = (confidence > 13 / 15) & (confidence <= 14 / 15)             # one of 15 bins, by hand
row = reliability(probs, test_masks)
assert math.isclose(row.confidence[13], confidence[bin_14].double().mean(), rel_tol=1e-6)
assert math.isclose(row.accuracy[13], right[bin_14].double().mean(), rel_tol=1e-6)
gap("08.honest", round(was, 2))

# %% [markdown]
# The **expected calibration error** (ECE) sorts the pixels into bins by confidence, and takes the mean gap between saying and being right, each bin weighed by its pixels.
#
# The cure is one number: divide all logits by a **temperature** T. T > 1 softens every probability and changes no order, so no label. T is fitted on validation pictures.

# %% tags=["train"]
T = fit_temperature(val_logits, val_masks)
after = calibration_error((logits / T).softmax(dim=1), test_masks).item()

# %%
assert torch.equal(label_map(logits), label_map(logits / T))         # not one label moved
if not history.interrupted:
    assert T > 1.3 and after < 0.5 * before

titles = [f"As trained: too sure, ECE {before:.3f}", f"Divided by T = {T:.2f}: ECE {after:.3f}"]
ax_before, ax_after = panels(2, titles=titles, width=3.8)
show_reliability(reliability(probs, test_masks), ax_before)
show_reliability(reliability((logits / T).softmax(dim=1), test_masks), ax_after)
plt.show()

# %%
measured = json.loads(Path("../benchmarks/results/calibration.json").read_text(encoding="utf-8"))
print(f"{measured['command']}\n{measured['date']}, {measured['machine']}, torch {measured['torch']}\n")
print(f"{'seed':>4}{'mean IoU':>10}{'ECE before':>12}{'T':>7}{'ECE after':>11}")
for r in measured["runs"]:
    print(f"{r['seed']:4}{r['mean_iou']:10.3f}{r['ece_before']:12.3f}{r['temperature']:7.2f}{r['ece_after']:11.3f}")
    assert r["ece_after"] < r["ece_before"] / 3 and r["mean_iou_after"] == r["mean_iou"]

# %% [markdown]
# This table was measured beforehand, with the command that it names; your own run is the figure above. On every seed the error falls to less than a third, and the mean IoU is the same before and after. Honest confidence is no better segmentation, and a score of labels will never show it.
#
# **Exercise 08.ece** (core, 9 minutes; objective: implement the calibration error, with void). *Bin b holds confidences above b / bins, up to and with (b + 1) / bins.*

# %% tags=["exercise", "08.ece"]
def ece(probs, mask, bins):
    """Return the calibration error, a float, of probs (N, K, H, W) and mask (N, H, W) with labels 0..K-1 or 255.

    Nothing valid: nan.
    """
    ### BEGIN SOLUTION
    confidence, pred = probs.max(dim=1)
    seen, total = mask != 255, 0.0
    for b in range(bins):
        inside = seen & (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            gap = (pred == mask)[inside].double().mean() - confidence[inside].double().mean()
            total += inside.sum().item() * abs(gap.item())
    return total / seen.sum().item() if seen.any() else math.nan
    ### END SOLUTION

# %% tags=["check", "08.ece"]
check("08.ece", ece)

# %% [markdown]
# ## 6 · Your own picture
#
# **Exercise 08.own_judges** (transfer, 10 minutes; objective: choose a score by its mistakes). *Take an object in a picture of your own (or the cars of the night street below). Make two guesses so that IoU prefers `first` and boundary IoU prefers `second`. Hand in `own = own_mask, first, second`, all (H, W), True and False.*

# %% tags=["data"]
own_picture = read_image(SAMPLES / "images" / "001.png")             # put the path of your own picture here
own_mask = read_mask(SAMPLES / "labels" / "001.png", classes=K) == STREETS.index("car")

# %% tags=["exercise", "08.own_judges"]
### BEGIN SOLUTION
fat = F.max_pool2d(own_mask[None, None].float(), 5, stride=1, padding=2)[0, 0] > 0
hollow = boundary(own_mask, width=3)
own = own_mask, fat, hollow
### END SOLUTION

# %% tags=["check", "08.own_judges"]
check("08.own_judges", own)

# %% [markdown]
# ## What stays
#
# 1. Count once, in whole numbers; every class score is a question to one confusion matrix.
# 2. Accuracy asks the majority. Dice and IoU rank one class alike, with different numbers.
# 3. A mean IoU without its convention (void, absent classes, images or data set) is no result.
# 4. Areas hide edges; thin things are all edge. Segments need matching.
# 5. Confidence is a claim. Check it; one temperature often mends it.
#
# **You can now** implement the table and its scores (08.count, 08.scores, 08.mean_iou), diagnose averages (08.break_average), implement the band and see what it sees (08.band, 08.paint), derive PQ (08.pq), measure and mend confidence (08.ece), and choose judges for your own pictures (08.own_judges).
#
# | If you see ... | suspect ... |
# |---|---|
# | accuracy high, the thing you look for missing | the background votes: ask IoU |
# | another program's mean IoU is far from yours | void, absent classes, mean over images |
# | a score that jumps when a class leaves the pictures | absent classes count 0 or 1 |
# | a count that stops near 16.8 million | `float32` |
# | high IoU, ragged overlays | outlines: boundary IoU |
# | right labels, wrong alarms | overconfidence: ECE, temperature |
#
# **Glossary.** confusion matrix 混淆矩阵 · accuracy 准确率 · precision 精确率 · recall 召回率 · F1 score F1分数 · intersection over union (IoU) 交并比 · mean IoU 平均交并比 · Dice score Dice系数 · boundary IoU 边界交并比 · erosion 腐蚀 · panoptic quality 全景质量 · confidence 置信度 · calibration 校准 · temperature scaling 温度缩放
#
# **Read next.** Cheng, Girshick, Dollár, Berg, Kirillov: *Boundary IoU*, CVPR 2021, sections 3 and 4: how to judge a score before you use it.

# %%
progress()
