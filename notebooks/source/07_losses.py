# %% [markdown]
# # 07 · Losses: what a network is told to care about
#
# **Question of this chapter:** a network learns to make one number small. Which number should that be, and what does it make the network forget?
#
# After it you can
# - **derive** the gradient of cross-entropy at one pixel, and the floor of a loss,
# - **implement** cross-entropy, focal, Dice and Tversky losses that survive void pixels, absent classes and huge logits,
# - **compute** class weights, and **explain** when they help and when they hurt,
# - **compare** losses over seeds, and say "no difference" where there is none,
# - **diagnose** a softmax too many from a loss curve.
#
# *Time: 60 minutes, and 25 more with the stretch and your own mask. You need: chapters 00, 01, 03 and 04. Running everything takes about a minute; no GPU, no network.*

# %% tags=["setup"]
import json
import math
from pathlib import Path
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from seglearn.data import DrawnStreets, in_memory, stack
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import CAMVID, IGNORE, STREETS
from seglearn.losses import boundary_loss, cross_entropy_loss, dice_loss, focal_loss
from seglearn.losses import jaccard_loss, lovasz_loss, tversky_loss
from seglearn.metrics import calibration_error, confusion_matrix, label_map
from seglearn.metrics import iou, mean_iou, pixel_accuracy, precision, recall
from seglearn.models import UNet
from seglearn.plots import describe, panels, show_overlay, show_pulls, show_seeds, show_surface
from seglearn.training import best_device, describe_device, fit, predict, seed_everything, warmup_cosine
from seglearn.widgets import LossExplorer

print(describe_device(best_device()).split(";")[0])
K, PERSON, POLE = len(STREETS), STREETS.index("person"), STREETS.index("pole")

# %% [markdown]
# ## Recall
#
# Three questions from earlier chapters. Run a check to read its question, and answer with a letter.

# %% tags=["exercise", "07.recall_field"]
### BEGIN SOLUTION
recall_field = "b"
### END SOLUTION

# %% tags=["check", "07.recall_field"]
check("07.recall_field", recall_field)

# %% tags=["exercise", "07.recall_size"]
### BEGIN SOLUTION
recall_size = "d"
### END SOLUTION

# %% tags=["check", "07.recall_size"]
check("07.recall_size", recall_size)

# %% tags=["exercise", "07.recall_one_hot"]
### BEGIN SOLUTION
recall_one_hot = "a"
### END SOLUTION

# %% tags=["check", "07.recall_one_hot"]
check("07.recall_one_hot", recall_one_hot)

# %% [markdown]
# ## What went wrong here?
#
# One recipe serves the whole chapter: a small U-Net, 240 drawn streets, one loss. Here it runs for two short epochs with cross-entropy, the loss of chapter 00.

# %% tags=["train"]
EPOCHS, BATCH, RATE, WIDTHS = 14, 8, 5e-3, (8, 16, 32, 48)


def train_with(loss, train_set, seed, epochs=EPOCHS, progress=True):
    """Return a small U-Net that learned from the pictures with this loss, and its diary."""
    generator = seed_everything(seed)
    model = UNet(channels=3, classes=len(train_set.labels), widths=WIDTHS, convs=1)
    batches = DataLoader(train_set, batch_size=BATCH, shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = warmup_cosine(optimizer, steps=epochs * len(batches))
    history = fit(model, batches, loss=loss, epochs=epochs, optimizer=optimizer, scheduler=schedule, progress=progress)
    return model.cpu(), history


def judge(model, test_set):
    """Return the confusion matrix and the calibration error on pictures that were never learned from."""
    images, masks = stack(test_set)
    with torch.inference_mode():
        logits = torch.cat([model(chunk) for chunk in images.split(20)])  # (N, K, H, W)
    confusion = confusion_matrix(label_map(logits), masks, logits.shape[1])
    return confusion, float(calibration_error(logits.softmax(dim=1), masks))

# %%
train_set = in_memory(DrawnStreets(240, seed=0, size=(48, 72)), fill=True)
test_set = in_memory(DrawnStreets(100, seed=2, size=(48, 72)), fill=True)
model, _ = train_with(cross_entropy_loss, train_set, seed=0, epochs=2)
confusion, _ = judge(model, test_set)

image, mask = test_set[79]
titles = ["The truth", f"{pixel_accuracy(confusion):.0%} of all pixels are right, and nobody is there"]
left, right = panels(2, width=4, titles=titles)
show_overlay(image, mask, STREETS, left)
show_overlay(image, predict(model, image[None])[0], STREETS, right)
plt.show()

share = confusion.sum(dim=1) / confusion.sum()
found = recall(confusion)
assert 0.5 < pixel_accuracy(confusion) < 0.8 and found[PERSON] < 0.05 and found[POLE] < 0.05
for k in (PERSON, POLE, STREETS.index("road")):
    print(f"{STREETS.names[k]:7s} {share[k]:6.1%} of the pixels, {found[k]:.0%} of them found")

# %% [markdown]
# Nothing is wrong in the code. The mean over all pixels is a vote, and people and poles have few votes.
#
# ## 1 · Surprise, pixel by pixel
#
# Our tiny street has nine pixels and two classes. Two pixels are *object*, six are *background*, one is void. The model states one **margin** per pixel: the logit of object minus that of background.

# %% tags=["data"]
tiny = torch.tensor([[[0, 0, 0], [0, 1, 1], [0, 0, IGNORE]]])              # (1, 3, 3)
margins = torch.tensor([[-3.0, -2.0, -1.0], [-2.0, 1.5, -1.5], [2.0, -3.0, 0.0]])


def two_classes(margins):
    """Return logits (1, 2, 3, 3): 0 for the background, the margin for the object."""
    return torch.stack([torch.zeros_like(margins), margins])[None]


logits = two_classes(margins)

# %% [markdown]
# The **surprise** of a pixel is -ln p, where p is the probability that the model gave to its true class. Surprise 0: it knew. The mean surprise is **cross-entropy** (CE).
#
# **Predict.** *The model gives 1 % to the truth. How large is the surprise?*

# %%
guess("07.surprise", ...)

# %%
probs = logits.softmax(dim=1)
total, count = 0.0, 0
for y in range(3):
    for x in range(3):
        label = int(tiny[0, y, x])
        if label != IGNORE:                                   # void pixels are not asked
            total += -math.log(probs[0, label, y, x])
            count += 1

assert count == 8
assert math.isclose(total / count, cross_entropy_loss(logits, tiny), rel_tol=1e-5)   # the library agrees
gap("07.surprise", round(-math.log(0.01), 2))

# %% [markdown]
# Learning follows slopes. Write -ln p out for one pixel with logits z:
#
# $$-\ln p_{true} = \ln\sum_k e^{z_k} - z_{true} \qquad\Rightarrow\qquad \frac{\partial}{\partial z_k} = p_k - [k\ \text{is the truth}]$$
#
# The mean shares this among the valid pixels. So a pixel pulls with at most 1/8 here, and the worst mistakes pull hardest. An arrow below is the way learning goes, *minus* the gradient, at the object's logit.

# %%
def pulls(loss, margins, mask=tiny):
    """Return minus the gradient of a loss at every margin (3, 3)."""
    leaf = margins.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(two_classes(leaf), mask), leaf)
    return -gradient


by_hand = ((tiny[0] == 1).float() - probs[0, 1]) / 8
by_hand[2, 2] = 0                                             # void
assert torch.allclose(pulls(cross_entropy_loss, margins), by_hand, atol=1e-6)

show_pulls(probs[0, 1], tiny[0], by_hand, title="Cross-entropy listens to the worst mistakes: one miss, one false alarm")
plt.show()

# %% [markdown]
# **Exercise 07.pull** (core, 4 minutes; objective: derive a gradient). *On the same nine pixels, the model gives p = 0.2 to object at a pixel that is object. What is the gradient of the mean loss at the object's logit there?*

# %% tags=["exercise", "07.pull"]
### BEGIN SOLUTION
pull = (0.2 - 1) / 8
### END SOLUTION

# %% tags=["check", "07.pull"]
check("07.pull", pull)

# %% [markdown]
# ## 2 · Right on paper, wrong in float32
#
# The definition above takes a softmax, then a logarithm.
#
# **Predict.** *One pixel, two classes, logits 60 and -60. The second class is true. What does the definition give?* (On paper: ln(1 + e¹²⁰), which is 120 to many digits.)

# %%
guess("07.far", ...)

# %% tags=["data"]
def naive(logits, mask):
    """Return cross-entropy as the definition says: softmax, then its logarithm. No void pixels here."""
    p = logits.softmax(dim=1).gather(1, mask[:, None])
    return -p.log().mean()

# %%
far = torch.tensor([60.0, -60.0]).reshape(1, 2, 1, 1).requires_grad_()
truth = torch.tensor([[[1]]])
for loss in (naive, cross_entropy_loss):
    value = loss(far, truth)
    (slope,) = torch.autograd.grad(value, far)
    print(f"{loss.__name__:20s} loss {value.item():6.1f}, gradient {slope.flatten().tolist()}")
assert naive(far, truth).isinf() and cross_entropy_loss(far, truth) == 120
gap("07.far", naive(far, truth))

# %% [markdown]
# e⁻¹²⁰ is below the smallest float32, so the probability is rounded to 0, and its logarithm is lost. One NaN gradient ruins every weight. The cure is algebra: subtract the largest logit first (that changes no probability), and never form the quotient. It is called **log-sum-exp**.
#
# Half precision is narrower still. float16 ends at 65,504:

# %%
surprises = torch.full((70_000,), 1.0, dtype=torch.float16)   # a picture of 70,000 pixels, each with surprise 1
assert surprises.sum().isinf() and surprises.float().sum() == 70_000
print("sum in float16:", surprises.sum().item(), " in float32:", surprises.float().sum().item())

# %% [markdown]
# **Exercise 07.break_naive** (break it, 4 minutes; objective: build an input that exposes a numerical mistake). *Make `naive` infinite on the mask `[[[1]]]` with other logits than ours, float32 (1, 2, 1, 1), none of them beyond ±100.*

# %% tags=["exercise", "07.break_naive"]
### BEGIN SOLUTION
breaks_it = torch.tensor([90.0, -20.0]).reshape(1, 2, 1, 1)
### END SOLUTION

# %% tags=["check", "07.break_naive"]
check("07.break_naive", breaks_it)

# %% [markdown]
# **Exercise 07.cross_entropy** (core, 8 minutes; objective: implement a loss that stays finite). *The loop above was step 1. This is step 2, half done: the shift is there. Void is 255; nothing valid gives 0.*

# %% tags=["exercise", "07.cross_entropy"]
def my_cross_entropy(logits, mask):
    """Return the mean surprise of the valid pixels; logits (N, K, H, W) of any float type, mask (N, H, W)."""
    valid = mask != 255                                       # (N, H, W)
    true = mask.where(valid, 0)                               # safe as an index
    z = logits.float()
    z = z - z.amax(dim=1, keepdim=True)                       # largest logit 0: no exponential overflows
    ### BEGIN SOLUTION
    surprise = z.exp().sum(dim=1).log() - z.gather(1, true[:, None])[:, 0]
    return (surprise * valid).sum() / valid.sum().clamp(min=1)
    ### END SOLUTION

# %% tags=["check", "07.cross_entropy"]
check("07.cross_entropy", my_cross_entropy)

# %% [markdown]
# **Empty cases** come up every day. PyTorch answers a crop that is all void with NaN. Ours are decided: nothing valid costs exactly 0 and pulls at nothing; an absent class has no vote.

# %%
void = torch.full((1, 3, 3), IGNORE)
assert F.cross_entropy(logits, void, ignore_index=IGNORE).isnan()
for loss in (cross_entropy_loss, focal_loss, dice_loss, jaccard_loss, lovasz_loss, boundary_loss):
    assert loss(logits, void) == 0 and not pulls(loss, margins, void).any()

# %% [markdown]
# ## 3 · Who speaks louder: weights and focal
#
# **Class weights** give the rare a louder voice: w[k] = pixels / (K · pixels of class k), so that all classes weigh the same in sum. The loss is then a *weighted* mean: it divides by the summed weights.
#
# **Exercise 07.class_weights** (core, 5 minutes; objective: compute weights from masks). *Count over all masks together, without void. A class that no pixel has gets 0.*

# %% tags=["exercise", "07.class_weights"]
def class_weights(masks, classes):
    """Return the weights (K,) float32 from masks (N, H, W); 1 is the weight of a class of average size."""
    ### BEGIN SOLUTION
    counts = torch.bincount(masks[masks != 255], minlength=classes)
    return torch.where(counts > 0, counts.sum() / (classes * counts), 0.0)
    ### END SOLUTION

# %% tags=["check", "07.class_weights"]
check("07.class_weights", class_weights)

# %% [markdown]
# **Focal loss** looks at the pixel, not at its class. It multiplies the surprise by (1 - p)^γ: who is already right speaks softly.
#
# **Predict.** *At γ = 2, a pixel with p = 0.9 costs which part of what it cost before?*

# %%
guess("07.focal_part", ...)

# %%
total = 0.0
for y, x in (tiny[0] != IGNORE).nonzero().tolist():           # the eight valid pixels
    p = probs[0, tiny[0, y, x], y, x]
    total += -((1 - p) ** 2) * math.log(p)

assert torch.isclose(total / 8, focal_loss(logits, tiny, gamma=2.0))
assert torch.isclose(focal_loss(logits, tiny, gamma=0.0), cross_entropy_loss(logits, tiny))
gap("07.focal_part", round((1 - 0.9) ** 2, 4))

# %%
p = torch.linspace(0.01, 1, 200)
left, right = panels(2, width=4, titles=["Focal: the sure ones cost nothing", "On the nine pixels: two speak, six are silent"])
for gamma, dashes in ((0, "-"), (1, "--"), (2, "-."), (5, ":")):
    left.plot(p, -((1 - p) ** gamma) * p.log(), dashes, color="#222222", label=f"γ = {gamma}" + " (CE)" * (gamma == 0))
left.set(xlabel="probability of the true class", ylabel="loss of the pixel", ylim=(0, 4))
left.legend(frameon=False)
describe(left, "four falling curves; the larger gamma is, the earlier the curve is flat at 0.")
show_pulls(probs[0, 1], tiny[0], pulls(focal_loss, margins), right)
plt.show()

# %% [markdown]
# **Exercise 07.focal** (core, 8 minutes; objective: implement focal loss). *With class weights as a weighted mean, and with void pixels. Mind logits of 10,000.*

# %% tags=["exercise", "07.focal"]
def my_focal(logits, mask, gamma, weight):
    """Return the focal loss of logits (N, K, H, W) and mask (N, H, W); weight (K,) is how much a class counts."""
    ### BEGIN SOLUTION
    valid = mask != 255
    true = mask.where(valid, 0)
    log_p = logits.log_softmax(dim=1).gather(1, true[:, None])[:, 0]      # (N, H, W)
    w = weight[true] * valid
    total = w.sum()
    return (w * (1 - log_p.exp()) ** gamma * -log_p).sum() / total.where(total > 0, 1)
    ### END SOLUTION

# %% tags=["check", "07.focal"]
check("07.focal", my_focal)

# %% [markdown]
# ## 4 · Overlap: asking each class as a whole
#
# The scores of chapter 00 count hits, not surprises. Counts jump, so they have no slope. But probabilities can be counted, too: *hit* is the sum of p where the class is true, *guess* the sum of p, *truth* the number of its pixels.
#
# $$\text{Dice} = \frac{2\,\text{hit}}{\text{guess} + \text{truth}}, \qquad \text{loss} = \text{mean over classes of } (1 - \text{Dice})$$

# %%
losses = []
for k in (0, 1):
    hit = guessed = true = 0.0
    for y, x in (tiny[0] != IGNORE).nonzero().tolist():
        p = float(probs[0, k, y, x])
        guessed += p
        if tiny[0, y, x] == k:
            hit, true = hit + p, true + 1
    losses.append(1 - 2 * hit / (guessed + true))

assert math.isclose(mean(losses), dice_loss(logits, tiny), rel_tol=1e-5)
print([round(loss, 3) for loss in losses])

# %% [markdown]
# Small classes weigh as much as large ones. Dice's relatives:
# - **Jaccard** divides by guess + truth - hit: it is IoU, counted softly.
# - **Tversky** puts a price on each kind of error: α on false positives, β on misses. Dice is (0.5, 0.5), Jaccard (1, 1).
# - **Lovász** sorts the errors and asks how much IoU each of them costs: for hard predictions it *is* 1 - IoU.
# - **Boundary** loss multiplies p by the signed distance to the true edge: far mistakes cost more. It is a companion for another loss.
#
# **Predict.** *A network is wrong everywhere, and sure of it: margin -6 at both object pixels, +6 at the others. How many times harder does cross-entropy pull at an object pixel than Dice?*

# %%
guess("07.stuck", ...)

# %%
stuck = torch.where(tiny[0] == 1, -6.0, 6.0)
pull_ce, pull_dice = (pulls(loss, stuck)[1, 1] for loss in (cross_entropy_loss, dice_loss))
assert pull_ce > 50 * pull_dice > 0
gap("07.stuck", round(float(pull_ce / pull_dice)))

# %%
LOSSES = {"CE": cross_entropy_loss, "Focal": focal_loss, "Dice": dice_loss,
          "Jaccard": jaccard_loss, "Lovász": lovasz_loss, "Boundary": boundary_loss}
side = torch.linspace(-6, 6, 27)
words = ["steep wherever it is wrong", "the same, flatter below", "a plateau where all is wrong",
         "a larger plateau", "with creases: it sorts", "below 0; best where sure"]
axes = panels(3, 2, titles=[f"{name}: {what}" for name, what in zip(LOSSES, words, strict=True)], height=3.4)
for ax, loss in zip(axes, LOSSES.values(), strict=True):
    rows = [[loss(two_classes(torch.where(tiny[0] == 1, a, b)), tiny) for a in side] for b in side]
    show_surface(side, side, torch.tensor(rows), ax, xlabel="margin at the object", ylabel="margin at the background")
plt.show()

# %% [markdown]
# Each landscape has its goal at the lower right. At the upper left all is wrong: cross-entropy is steep there, overlap losses are flat. They see only p, whose slope is p (1 - p): a sure pixel hardly moves, right or wrong. (The 1/p of cross-entropy cancels that.) So they are often *added* to cross-entropy. Now the same losses on the nine pixels, each on its own scale:

# %%
words = ["the worst mistakes", "only the worst", "the object, and doubts", "the object, and doubts",
         "errors sorted by cost", "doubts, and far alarms"]
axes = panels(3, 2, titles=[f"{name}: {what}" for name, what in zip(LOSSES, words, strict=True)], height=3.2)
for ax, loss in zip(axes, LOSSES.values(), strict=True):
    show_pulls(probs[0, 1], tiny[0], pulls(loss, margins), ax)
plt.show()
right, wrong = pulls(dice_loss, margins)[1, 1:]               # p = 0.82 and p = 0.18: the same p (1 - p)
assert torch.isclose(right, wrong)

# %% [markdown]
# **Exercise 07.soft_counts** (warm-up, 4 minutes): **step 2, half done.** *One image, no void. Sum.*

# %% tags=["exercise", "07.soft_counts"]
def soft_counts(probs, mask):
    """Return hit, guess and truth (K,) float32 of probs (K, H, W) and mask (H, W)."""
    truth = F.one_hot(mask, len(probs)).movedim(-1, 0).float()            # (K, H, W)
    ### BEGIN SOLUTION
    return (probs * truth).sum(dim=(1, 2)), probs.sum(dim=(1, 2)), truth.sum(dim=(1, 2))
    ### END SOLUTION

# %% tags=["check", "07.soft_counts"]
check("07.soft_counts", soft_counts)

# %% [markdown]
# **Exercise 07.dice** (core, 10 minutes): **step 3, all yours.** *A batch with void pixels. The sums run over the whole batch; the mean over the classes that the masks hold. No epsilon: nothing valid gives 0.*

# %% tags=["exercise", "07.dice"]
def my_dice(logits, mask):
    """Return the Dice loss of logits (N, K, H, W) and masks (N, H, W) with labels 0..K-1 or 255."""
    ### BEGIN SOLUTION
    valid = mask != 255
    classes = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
    truth = (mask[:, None] == classes).float()                            # (N, K, H, W)
    p = logits.softmax(dim=1) * valid[:, None]
    hit, guess, true = ((p * truth).sum((0, 2, 3)), p.sum((0, 2, 3)), truth.sum((0, 2, 3)))
    loss = (1 - 2 * hit / (guess + true).clamp(min=1e-12))[true > 0]
    return loss.sum() / max(len(loss), 1)
    ### END SOLUTION

# %% tags=["check", "07.dice"]
check("07.dice", my_dice)

# %% [markdown]
# **Exercise 07.tversky** (stretch, 8 minutes; objective: generalize). *Dice, with a price for each kind of error.*

# %% tags=["exercise", "07.tversky"]
def my_tversky(logits, mask, alpha, beta):
    """Return the Tversky loss; alpha is the price of false positives, beta that of misses."""
    ### BEGIN SOLUTION
    classes = torch.arange(logits.shape[1], device=logits.device)[:, None, None]
    truth = (mask[:, None] == classes).float()
    p = logits.softmax(dim=1) * (mask != 255)[:, None]
    hit, guess, true = ((p * truth).sum((0, 2, 3)), p.sum((0, 2, 3)), truth.sum((0, 2, 3)))
    union = hit + alpha * (guess - hit) + beta * (true - hit)
    loss = (1 - hit / union.where(union > 0, 1))[true > 0]
    return loss.sum() / max(len(loss), 1)
    ### END SOLUTION

# %% tags=["check", "07.tversky"]
check("07.tversky", my_tversky)

# %% [markdown]
# **Exercise 07.tug_of_war** (core, 4 minutes; objective: find where two losses disagree). *Drag the pixels, or choose one and use the arrow keys: make Dice fall while cross-entropy rises. Watch the arrows of either loss.*

# %% tags=["exercise", "07.tug_of_war"]
tug = LossExplorer()
### BEGIN SOLUTION
tug.margins = [-2, -1.5, -2.5, -1, 6, 6, 6, -1.5, 1]
### END SOLUTION
tug

# %% tags=["check", "07.tug_of_war"]
check("07.tug_of_war", tug)

# %% [markdown]
# ## 5 · Experiment: does the loss matter?
#
# **Hypothesis 1.** Class weights find more people, and call more things people. **Hypothesis 2.** Overlap losses beat cross-entropy in mean IoU by more than the seeds differ. **Hypothesis 3.** The probabilities of all losses are equally honest: *calibration error*, the mean distance between how sure a model is and how often it is right (chapter 08), does not change.
#
# First live, one seed: cross-entropy without and with weights.

# %%
masks = stack(train_set)[1]
counts = torch.bincount(masks[masks != IGNORE], minlength=K)
weight = counts.sum() / (K * counts)
print("weights:", {name: round(w, 1) for name, w in zip(STREETS.names, weight.tolist(), strict=True)})


def weighted(logits, mask):
    return cross_entropy_loss(logits, mask, weight=weight)


live = {}
for name, loss in {"plain": cross_entropy_loss, "weighted": weighted}.items():
    model, _ = train_with(loss, train_set, seed=0)
    confusion, error = judge(model, test_set)
    live[name] = float(recall(confusion)[PERSON])
    print(f"{name}: of the people {live[name]:.0%} found, precision {precision(confusion)[PERSON]:.2f}, "
          f"mean IoU {mean_iou(confusion):.2f}, calibration error {error:.2f}\n")
assert live["weighted"] > live["plain"] + 0.1                              # hypothesis 1, first half

# %% [markdown]
# One seed is no evidence. The next table was measured beforehand, three seeds for each loss, with exactly the function `train_with` above and the command that it names.

# %%
table = json.loads(Path("../benchmarks/results/losses_compared.json").read_text(encoding="utf-8"))


def rows(world, loss, epochs=EPOCHS):
    """Return the rows of one loss, a row for each seed."""
    return [row for row in table["runs"] if (row["world"], row["loss"], row["epochs"]) == (world, loss, epochs)]


def column(runs, score, k):
    """Return one score of class k, or its mean over several classes, from the confusion matrix of each run."""
    return [float(score(torch.tensor(run["confusion"]))[k].mean()) for run in runs]


def told(values):
    return f"{mean(values):.2f} ±{stdev(values):.2f}"


print(f"{table['command']}: {table['date']}, {table['machine']}, torch {table['torch']}")

# %%
NAMES = ["cross-entropy", "weights", "weights-sqrt", "focal", "dice", "jaccard", "tversky-0.3-0.7",
         "tversky-0.7-0.3", "lovasz", "ce+dice", "ce+boundary"]
runs = {name: rows("drawn-streets", name) for name in NAMES}
print(f"{'':16}{'mean IoU':>12}{'person: prec.':>15}{'recall':>12}{'IoU':>12}{'pole: IoU':>12}{'calib. error':>14}")
for name, found in runs.items():
    cells = [told([run["mean_iou"] for run in found]), told(column(found, precision, PERSON)),
             told(column(found, recall, PERSON)), told(column(found, iou, PERSON)),
             told(column(found, iou, POLE)), told([run["calibration_error"] for run in found])]
    print(f"{name:16}" + "".join(f"{c:>{w}}" for c, w in zip(cells, (12, 15, 12, 12, 12, 14), strict=True)))

# %%
scores = {name: [run["mean_iou"] for run in found] for name, found in runs.items()}
recalls = {name: column(found, recall, PERSON) for name, found in runs.items()}
errors = {name: [run["calibration_error"] for run in found] for name, found in runs.items()}
left, middle, right = panels(3, width=3.5, height=3.6)
show_seeds(scores, left, rival="cross-entropy", xlabel="mean IoU", title="Lovász, Dice, Tversky beat cross-entropy")
show_seeds(recalls, middle, rival="cross-entropy", xlabel="people found (recall)", names=False,
           title="Weights find most people")
show_seeds(errors, right, rival="cross-entropy", xlabel="calibration error", names=False,
           title="Focal and Dice are less honest")
plt.show()

# %%
def ahead(a, b, values):
    """Return by how many spreads the mean of a lies above that of b; from -2 to 2 is no difference."""
    return (mean(values[a]) - mean(values[b])) / max(stdev(values[a]), stdev(values[b]))


precisions = {name: column(found, precision, PERSON) for name, found in runs.items()}
assert ahead("weights", "cross-entropy", recalls) > 3 and ahead("cross-entropy", "weights", precisions) > 2   # 1: yes
leaders = ("lovasz", "dice", "tversky-0.3-0.7", "tversky-0.7-0.3")
assert all(ahead(name, "cross-entropy", scores) > 3 for name in leaders)                                      # 2: yes
assert all(abs(ahead(a, b, scores)) < 2 for a in leaders for b in leaders)              # among them: no difference
assert all(abs(ahead(name, "cross-entropy", scores)) < 2 for name in ("focal", "jaccard"))
assert ahead("tversky-0.7-0.3", "tversky-0.3-0.7", precisions) > 2 < ahead("tversky-0.3-0.7", "tversky-0.7-0.3", recalls)
assert ahead("focal", "weights", errors) > 5 and ahead("dice", "weights", errors) > 5                         # 3: no
assert mean(errors["focal"]) > 3 * mean(errors["weights"])
longer = {name: [run["mean_iou"] for run in rows("drawn-streets", name, 42)] for name in ("cross-entropy", "dice")}
late = scores | {"patient": longer["cross-entropy"]}
assert max(scores, key=lambda name: mean(scores[name])) == "lovasz" and abs(ahead("patient", "lovasz", late)) < 2
assert ahead("patient", "cross-entropy", late) > 5 and ahead("dice", "cross-entropy", longer) > 2
lead, first_lead = (mean(found["dice"]) - mean(found["cross-entropy"]) for found in (longer, scores))
assert lead < first_lead / 2
print("after 42 epochs, mean IoU:", {name: told(values) for name, values in longer.items()})

# %% [markdown]
# **Verdict.** *Hypothesis 1 holds:* weights move errors from misses to false alarms. So do the two Tversky settings: one careful, one bold, with the same mean IoU. *Hypothesis 2 holds* after 14 epochs for Lovász, Dice and Tversky: more than three spreads (standard deviations over seeds) above cross-entropy. Among these there is **no difference** (below two spreads). It fails for Jaccard: neither it nor focal differs from cross-entropy. *Hypothesis 3 fails:* the calibration error of focal loss is several times that of weighted cross-entropy.
#
# Patience does as much: after 42 epochs, plain cross-entropy is level with Lovász, the best above. Dice trained as long is still ahead, by less than half of its first lead.
#
# ### When do weights help?
#
# The same streets with two labels, *pole* and *rest*: 5 % against 95 %. Then real streets: CamVid at 48 x 64 pixels, eleven classes, five of them below 2 % of the pixels.
#
# **Predict.** *Full weights make both labels weigh the same. For each true pole pixel, how many pole pixels does the network paint?*

# %%
guess("07.painted", ...)

# %%
painted, poles = {}, {}
print("pole or rest   IoU of the poles, seed by seed       recall    precision")
for name in ("cross-entropy", "weights", "weights-sqrt", "dice"):
    found = rows("drawn-poles", name)
    poles[name] = column(found, iou, 1)
    each = "".join(f"{value:7.2f}" for value in poles[name])
    print(f"{name:15}{each:30}{told(column(found, recall, 1)):>13}{told(column(found, precision, 1)):>13}")
    painted[name] = mean(sum(c[k][1] for k in (0, 1)) / sum(c[1]) for c in (run["confusion"] for run in found))
assert all(0.045 < sum(c[1]) / sum(map(sum, c)) < 0.055 for c in (run["confusion"] for run in found))  # 5 % are poles
assert 2 < painted["weights"] < 3 and painted["cross-entropy"] < 1
assert poles["cross-entropy"][1] < 0.01 and all(poles["cross-entropy"][seed] > poles["weights"][seed] + 0.05 for seed in (0, 2))
assert all(a > b > 0.2 for a, b in zip(poles["weights-sqrt"], poles["weights"], strict=True))
gap("07.painted", round(painted["weights"], 1))

# %%
every = torch.tensor(rows("camvid", "weights")[0]["confusion"]).sum(dim=1)
rare = every / every.sum() < 0.02
assert rare.sum() == 5 and len(rare) == 11
print("real CamVid, rare:", ", ".join(n for n, r in zip(CAMVID.names, rare, strict=True) if r))
print(f"\n{'':28}{'mean IoU':>12}{'rare: recall':>15}{'precision':>13}{'common: IoU':>14}")
found = {(epochs, name): rows("camvid", name, epochs) for epochs, name in (
    (14, "cross-entropy"), (14, "weights-sqrt"), (14, "weights"), (28, "cross-entropy"), (28, "weights"))}
reals = {key: [run["mean_iou"] for run in each] for key, each in found.items()}
seen = {key: column(each, recall, rare) for key, each in found.items()}
exact = {key: column(each, precision, rare) for key, each in found.items()}
common = {key: column(each, iou, ~rare) for key, each in found.items()}
for (epochs, name), each in found.items():
    cells = [told(values[epochs, name]) for values in (reals, seen, exact, common)]
    print(f"{epochs} epochs, {name:17}" + "".join(f"{c:>{w}}" for c, w in zip(cells, (12, 15, 13, 14), strict=True)))

plain, root, full = ((14, name) for name in ("cross-entropy", "weights-sqrt", "weights"))
assert max(seen[plain]) < 0.001 and 0.25 < mean(seen[full]) < 0.45 and mean(exact[full]) < 0.12
assert ahead(plain, full, common) > 2 and abs(ahead(full, plain, reals)) < 2 < min(ahead(root, other, reals) for other in (plain, full))
assert abs(ahead((28, "weights"), (28, "cross-entropy"), reals)) < 2

# %% [markdown]
# **Weights turn misses into false alarms; whether that helps depends on which of them you had.** On the drawn poles they paint two to three pixels for each true one. Where plain cross-entropy had learned the poles, that costs IoU; in seed 1 it had not, and weights save the class. Square roots of the weights cost less, and save it, too.
# On CamVid, the plain mean finds none of the rare pixels in 14 epochs. Weights find about a third, with a precision near 0.1, and the common classes pay for it: the mean IoU shows **no difference**. Again the square roots do better. After 28 epochs, full weights still make no difference.
#
# ## 6 · A softmax too many
#
# Somebody hands *probabilities* to a loss that takes logits. No error, and the network learns. The best it can send is one 1 and seven 0s, and the second softmax cannot tell these apart well.
#
# **Exercise 07.floor** (core, 5 minutes; objective: derive the floor of a loss). *Eight classes. What is the smallest loss that this training can ever reach? Three digits will do.*

# %% tags=["exercise", "07.floor"]
### BEGIN SOLUTION
floor = math.log(1 + 7 / math.e)
### END SOLUTION

# %% tags=["check", "07.floor"]
check("07.floor", floor)

# %%
print("pole or rest: floor", round(math.log(1 + 1 / math.e), 3))
for name in ("cross-entropy", "softmax-twice"):
    for run in rows("drawn-poles", name):
        print(f"{name:14} seed {run['seed']}: mean IoU {run['mean_iou']:.2f}, last training loss {run['last_train_loss']:.2f}")
one, two = (rows("drawn-poles", name) for name in ("cross-entropy", "softmax-twice"))
assert all(abs(a["mean_iou"] - b["mean_iou"]) < 0.03 for a, b in zip(one, two, strict=True))     # the score hides it
assert all(a["last_train_loss"] < 0.1 and 0.31 < b["last_train_loss"] < 0.36 for a, b in zip(one, two, strict=True))
many = [mean(run["mean_iou"] for run in rows("drawn-streets", name, 42)) for name in ("cross-entropy", "softmax-twice")]
assert many[0] > many[1] + 0.05
eight = rows("drawn-streets", "softmax-twice", 42)
assert max(column(eight, recall, PERSON)) < 0.01                          # nobody is found
assert all(math.log(1 + 7 / math.e) + 0.05 < run["last_train_loss"] < 1.5 for run in eight)
print("eight classes, softmax twice, 42 epochs: last training loss", [round(run["last_train_loss"], 2) for run in eight])

# %% [markdown]
# With two classes the score hides the fault: a second softmax keeps the order of the classes. The loss cannot hide it: it rests just above its floor. With eight classes it also flattens the slopes: after 42 epochs nobody is found, and the loss is still sinking towards its floor. A low score has a hundred causes; a loss that never falls below this floor points to one.
#
# **Exercise 07.diagnosis** (warm-up, 2 minutes; objective: diagnose from a curve). *Run the check to read the case.*

# %% tags=["exercise", "07.diagnosis"]
### BEGIN SOLUTION
diagnosis = "c"
### END SOLUTION

# %% tags=["check", "07.diagnosis"]
check("07.diagnosis", diagnosis)

# %% [markdown]
# ## 7 · Your own mask
#
# **Exercise 07.own_mask** (transfer, 8 minutes; objective: apply two losses to data of your own). *Take a mask of yours (the one from 01.own_image will do), or the street below. `lazy` says its most frequent class everywhere. What does cross-entropy say to that, and what does Dice? Write `own = own_mask, cross-entropy, Dice`.*

# %% tags=["data"]
from seglearn.data import read_mask

own_mask = read_mask(Path("../data/samples/streets/labels/003.png"), classes=K)    # or yours: (H, W), int64
counts = torch.bincount(own_mask[own_mask != IGNORE])
lazy = torch.zeros(1, len(counts), *own_mask.shape)
lazy[:, counts.argmax()] = 4.0

# %% tags=["exercise", "07.own_mask"]
### BEGIN SOLUTION
own = own_mask, cross_entropy_loss(lazy, own_mask[None]), dice_loss(lazy, own_mask[None])
### END SOLUTION

# %% tags=["check", "07.own_mask"]
check("07.own_mask", own)

# %% [markdown]
# ## What stays
#
# 1. A loss is what the network is told to care about; the mean over pixels cares about large classes.
# 2. Cross-entropy pulls with p - truth: steep wherever it is wrong. Overlap losses see whole classes, and are flat where all is wrong.
# 3. Weights move errors from misses to false alarms. They help a class that would not be learned at all.
# 4. Stay in logits and in float32; decide the empty cases.
# 5. Compare over seeds, look at precision, recall and calibration, and know the floor of your loss.
#
# **You can now** derive gradients and floors (07.pull, 07.floor), implement four losses (07.cross_entropy, 07.focal, 07.dice, 07.tversky), compute weights (07.class_weights), break a naive formula (07.break_naive), and diagnose a softmax too many (07.diagnosis).
#
# | If you see ... | suspect ... |
# |---|---|
# | a loss that is NaN or infinite | log of softmax, half precision, a batch without a valid pixel |
# | a loss that rests just above ln(1 + (K - 1)/e) | a softmax before the loss |
# | rare classes that are never predicted | a plain mean over pixels, or a training that was too short |
# | far too many poles and people | class weights that are too strong |
# | Dice near 1 that does not move | a start on the plateau: add cross-entropy |
#
# **Glossary.** loss 损失函数 · cross-entropy 交叉熵 · logits 未归一化得分 · gradient 梯度 · class weights 类别权重 · class imbalance 类别不平衡 · focal loss 焦点损失 · Dice loss Dice 损失 · Jaccard index 杰卡德指数 · precision 精确率 · recall 召回率 · calibration 校准 · numerical stability 数值稳定性 · half precision 半精度
#
# **Read next.** Lin, Goyal, Girshick, He, Dollár: *Focal Loss for Dense Object Detection*, ICCV 2017, arXiv:1708.02002, sections 3 and 4.

# %%
progress()
