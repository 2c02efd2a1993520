# %% [markdown]
# # 05 · From classes to pixels: a classifier that does not know that it segments
#
# **Question of this chapter:** a network that says *what* is in a picture seems to have thrown away *where*. Has it?
#
# After it you can
# - **implement** a convolutional classifier, and **compute** its weights,
# - **derive** a class map from its last layer, without training,
# - **diagnose** three silent faults: a scrambled flattening, labels without meaning, a mean over emptiness,
# - **explain** what a map that was trained with class labels alone cannot see,
# - **measure** what stride costs, and **choose** it for an object of given size.
#
# *Time: 60 minutes, and 20 more with your own handwriting. You need: chapters 00, 01, 03 and 04. Running everything takes about a minute; no GPU, no network.*

# %% tags=["setup"]
import json
from pathlib import Path
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Subset, TensorDataset

from seglearn.data import Digits, DigitScenes, is_present, open_dataset, read_image, stack
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import DIGIT_SCENES
from seglearn.metrics import confusion_matrix, label_map, mean_iou, pixel_accuracy
from seglearn.models import TinyCNN
from seglearn.models.counting import model_cost
from seglearn.plots import describe, panels, show_class_map, show_confusion, show_image, show_overlay, show_seeds, show_values
from seglearn.training import best_device, describe_device, fit, seed_everything, warmup_cosine
from seglearn.widgets import Goal, ReceptiveFieldExplorer

print(describe_device(best_device()).split(";")[0])
K = len(DIGIT_SCENES)                                             # background, and ten digits
print(K, "classes:", ", ".join(DIGIT_SCENES.names))

# %% [markdown]
# ## Recall
#
# Three questions from chapters 04, 03 and 01. Run a check to read its question; answer with a letter.

# %% tags=["exercise", "05.recall_odd"]
### BEGIN SOLUTION
odd = "b"
### END SOLUTION

# %% tags=["check", "05.recall_odd"]
check("05.recall_odd", odd)

# %% tags=["exercise", "05.recall_one_by_one"]
### BEGIN SOLUTION
one_by_one = "c"
### END SOLUTION

# %% tags=["check", "05.recall_one_by_one"]
check("05.recall_one_by_one", one_by_one)

# %% tags=["exercise", "05.recall_answers"]
### BEGIN SOLUTION
answers = "a"
### END SOLUTION

# %% tags=["check", "05.recall_answers"]
check("05.recall_answers", answers)

# %% [markdown]
# ## What went wrong here?
#
# A small network learns to read: real handwriting, one digit of 16 pixels somewhere in a picture of 32 x 32, and some blank pictures. It is told one class for each picture, never a place.

# %% tags=["train"]
TILE, SIDE, EPOCHS, MASK_EPOCHS, BATCH, RATE = 16, 32, 8, 4, 32, 3e-3


def pictures(split, count, blanks=0, size=(SIDE, SIDE), digits=(1, 1)):
    """Return images (N, 3, H, W), masks (N, H, W) and classes (N,): 0 for a blank picture, else 1 + its digit."""
    images, masks = stack(DigitScenes(split, count, size=size, tile=TILE, digits=digits))
    images = torch.cat([images, torch.zeros(blanks, 3, *size)])
    masks = torch.cat([masks, torch.zeros(blanks, *size, dtype=torch.int64)])
    return images, masks, masks.amax(dim=(1, 2))


def train(make, images, targets, seed, epochs=EPOCHS, progress=False):
    """Return a model that learned its targets: a class for each picture (N,), or a label for each pixel (N, H, W)."""
    generator = seed_everything(seed)
    model = make()
    batches = DataLoader(TensorDataset(images, targets), batch_size=BATCH, shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = warmup_cosine(optimizer, steps=epochs * len(batches))
    fit(model, batches, loss=F.cross_entropy, epochs=epochs, optimizer=optimizer, scheduler=schedule, progress=progress)
    return model.cpu().eval()

# %%
images, masks, classes = pictures("train", 2000, blanks=200)
test_images, test_masks, test_classes = pictures("test", 300, blanks=20)
scenes, scene_masks, _ = pictures("test", 100, size=(48, 64), digits=(2, 4))      # several digits in each
model = train(lambda: TinyCNN(3, K), images, classes, seed=0, progress=True)

# %%
SHOWN = 3
with torch.inference_mode():
    single, several = model(test_images).softmax(dim=1), model(scenes).softmax(dim=1)
axes = panels(4, width=2.1)
for ax, i in zip(axes, range(3), strict=False):
    name, p = DIGIT_SCENES.names[int(single[i].argmax())], float(single[i].max())
    show_image(test_images[i], ax, title=f"“{name}”, {p:.0%} sure")
name, p = DIGIT_SCENES.names[int(several[SHOWN].argmax())], float(several[SHOWN].max())
show_image(scenes[SHOWN], axes[3], title=f"“{name}”, {p:.0%} sure")
for ax in axes:
    ax.set_anchor("N")
plt.show()

# %% [markdown]
# It reads one digit well. To a picture with several it answers with one word, and sometimes not even one of them: it was built to say one. *Does it not know more?* We take it apart.
#
# ## 1 · A classifier, piece by piece
#
# This is the network of the article behind this course, mended: three times a 3 x 3 **convolution**, ReLU, and 2 x 2 **max pooling**; then **global average pooling**, the mean of each channel over all positions; then one **linear layer**, which turns 128 means into class scores.
#
# **Predict.** *It has 94,667 weights. What percentage of them is in the linear layer at its end?*

# %%
guess("05.last_layer", ...)

# %%
cost = model_cost(model, torch.zeros(1, 3, SIDE, SIDE))
print(cost)
share = 100 * cost.layers[-1].parameters / cost.parameters
assert cost.parameters == 94_667 and 1.4 < share < 1.6
gap("05.last_layer", round(share, 1))

# %% [markdown]
# **Exercise 05.weights** (core, 5 minutes; objective: compute the weights of a network). *The same network for gray pictures of the 26 letters: one input channel, 26 classes. How many weights and biases?*

# %% tags=["exercise", "05.weights"]
### BEGIN SOLUTION
count = 32 * (1 * 9 + 1) + 64 * (32 * 9 + 1) + 128 * (64 * 9 + 1) + 26 * (128 + 1)
### END SOLUTION

# %% tags=["check", "05.weights"]
check("05.weights", count)

# %% [markdown]
# Our tiny example stands behind the last pooling: two channels, 2 x 3 positions. The first channel answers to bars, the second to dots. The linear layer knows three classes.

# %% tags=["data"]
tiny = torch.tensor([[[[4.0, 0, 0], [2, 0, 0]], [[0, 0, 6], [0, 0, 0]]]])      # (1, 2, 2, 3)
weight = torch.tensor([[1.0, 0], [0, 1], [-1, -1]])                           # (3, 2): bar, dot, nothing
bias = torch.tensor([0.0, 1, 2])

# %% tags=["nbval-check-output"]
means = torch.zeros(2)
for channel in range(2):                                          # step 1: the loop
    for row in range(2):
        for column in range(3):
            means[channel] += tiny[0, channel, row, column] / 6
tiny_scores = weight @ means + bias                               # one score for each class
assert torch.allclose(tiny_scores, F.linear(tiny.mean(dim=(2, 3)), weight, bias)[0])
dict(zip(("bar", "dot", "nothing"), tiny_scores.round(decimals=4).tolist(), strict=True))

# %% [markdown]
# **Exercise 05.average** (warm-up, 3 minutes): *the mean without loops, for any batch.*

# %% tags=["exercise", "05.average"]
def average(features):
    """Return the mean of each channel of features (N, C, H, W): (N, C)."""
    ### BEGIN SOLUTION
    return features.mean(dim=(2, 3))
    ### END SOLUTION

# %% tags=["check", "05.average"]
check("05.average", average)

# %% [markdown]
# **Exercise 05.network** (core, 10 minutes; objective: implement the walk of the data). *`F.conv2d`, `F.max_pool2d` and `F.linear` are welcome: you have built the first two.*

# %% tags=["exercise", "05.network"]
def class_scores(images, convs, head):
    """Return scores (N, K); convs is a list of (weight, bias), head one such pair; pad by 1, pool by 2."""
    ### BEGIN SOLUTION
    x = images
    for w, b in convs:
        x = F.max_pool2d(F.conv2d(x, w, b, padding=1).relu(), 2)
    return F.linear(x.mean(dim=(2, 3)), *head)
    ### END SOLUTION

# %% tags=["check", "05.network"]
check("05.network", class_scores)

# %% [markdown]
# How good is ours? A class is a map of one pixel, so a **confusion matrix** (row: the truth, column: the prediction) can count pictures.
#
# **Predict.** *Of 320 new pictures, 20 of them blank, how many does it read right?*

# %%
guess("05.right", ...)

# %%
pred = single.argmax(dim=1)
confusion = confusion_matrix(pred[:, None, None], test_classes[:, None, None], K)
right = int((pred == test_classes).sum())
assert len(pred) == 320 and 0.88 < pixel_accuracy(confusion) <= 1
ax = show_confusion(confusion, DIGIT_SCENES, panels(1, width=5.4, height=5)[0], normalize="none",
                    title=f"{right} of 320 new pictures are read right")
describe(ax, f"a confusion matrix with counts of pictures; {right} of 320 stand on the diagonal.")
plt.show()
gap("05.right", right)

# %% [markdown]
# ### Does it learn digits, or pictures by heart?
#
# A control experiment: shuffle the labels of the training pictures. Same pictures, same classes, no meaning.
#
# **Exercise 05.shuffled** (warm-up, 2 minutes; objective: predict). *Answer before you run the experiment.*

# %% tags=["exercise", "05.shuffled"]
### BEGIN SOLUTION
shuffled_labels = "c"
### END SOLUTION

# %% tags=["check", "05.shuffled"]
check("05.shuffled", shuffled_labels)

# %% [markdown]
# **Hypothesis.** With true labels, new digits are read well; with shuffled ones, at chance: 1 in 10. To be fast we take the digits as they were scanned, 8 x 8 pixels and filling the frame, and three seeds.

# %%
SEEDS = (0, 1, 2)
tight, names = stack(Digits("train", size=(8, 8)))
new_tight, new_names = stack(Digits("test", size=(8, 8)))


def accuracy(model, images, classes):
    with torch.inference_mode():
        return float((model(images).argmax(dim=1) == classes).double().mean())


readers, by_heart, runs = [], [], {"true labels": [], "shuffled labels": []}
print("seed   labels      right in training   right on new digits")
for seed in SEEDS:
    lot = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    for kind, told in (("true labels", names), ("shuffled labels", names[lot])):
        reader = train(lambda: TinyCNN(3, 10), tight, told, seed, epochs=10)
        runs[kind].append(accuracy(reader, new_tight, new_names))
        learned = accuracy(reader, tight, told)
        readers += [reader] if kind == "true labels" else []
        by_heart += [learned] if kind == "shuffled labels" else []
        print(f"{seed:<7}{kind.split()[0]:10}{learned:16.0%}{runs[kind][-1]:22.0%}")

# %%
assert min(runs["true labels"]) > 0.95
assert mean(runs["shuffled labels"]) < 0.25 and max(runs["shuffled labels"]) < 0.4 and mean(by_heart) > 0.11
ax = show_seeds(runs, xlabel="share of new digits read right", title="Labels without meaning: near chance, 1 in 10")
ax.axvline(0.1, color="#8a8a8a", linestyle=":", linewidth=1)
ax.set_xlim(-0.02, 1.02)
plt.show()

# %% [markdown]
# **Verdict.** It holds: near chance, and above it on the training pictures, where learning by heart has begun. (How near is luck: digits of one kind are hit or missed together.) If *your* network scores at chance, first check that pictures and labels still belong together.
#
# ## 2 · The same weights at every position
#
# The linear layer reads the mean of all positions. Nothing keeps us from asking it at *each* position: 128 numbers go in, class scores come out. That is a 1 x 1 convolution with the same weights.
#
# **Predict.** *The score of dot was 2. We ask the layer at all six positions of the tiny map. What is the mean of the six scores of dot?*

# %%
guess("05.mean_dot", ...)

# %%
tiny_map = torch.zeros(3, 2, 3)
for row in range(2):                                              # step 1: the loop
    for column in range(3):
        tiny_map[:, row, column] = weight @ tiny[0, :, row, column] + bias

assert torch.equal(tiny_map, F.conv2d(tiny, weight[:, :, None, None], bias)[0])
assert torch.allclose(tiny_map.mean(dim=(1, 2)), tiny_scores)     # the mean of the map is the score
axes = panels(3, titles=["Bar, mean 1", "Dot, mean 2", "Nothing, mean 0"], height=2.2)
for ax, plane, best in zip(axes, tiny_map, (tiny_map.argmax(0) == k for k in range(3)), strict=True):
    show_values(plane, ax, signed=True, limit=7, window=best.numpy())
plt.show()
gap("05.mean_dot", round(float(tiny_map[1].mean()), 4))

# %% [markdown]
# Framed: the winner of each position. The picture as a whole says *dot*. The map says *bar* at the left, *dot* in a corner, *nothing* elsewhere. It was there all along, and the mean hid it:
#
# $$\text{mean}(W f_p + b) = W\,\text{mean}(f_p) + b$$
#
# Both are weighted sums, and these may change places.
#
# **Exercise 05.rows** (core, 5 minutes; objective: flatten without scrambling): **step 2.** *A linear layer takes a table. Make a row of C numbers for every position.*

# %% tags=["exercise", "05.rows"]
def rows(features):
    """Return features (N, C, H, W) as a table (N * H * W, C): picture by picture, row by row."""
    ### BEGIN SOLUTION
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])
    ### END SOLUTION

# %% tags=["check", "05.rows"]
check("05.rows", rows)

# %% [markdown]
# The article wrote `view(-1, 128)` here: 16 rows for every picture instead of one, and each row mixes channels with positions. Chapter 16 finds its other faults.

# %% tags=["nbval-check-output"]
assert torch.zeros(32, 128, 4, 4).view(-1, 128).shape == (32 * 16, 128)      # 32 pictures, 512 rows
print("view:     ", tiny.view(-1, 2).int().tolist())
print("positions:", [tiny[0, :, row, column].int().tolist() for row in range(2) for column in range(3)])

# %% [markdown]
# **Exercise 05.class_map** (core, 8 minutes; objective: implement the 1 x 1 convolution): **step 3, all yours.** *Any road is right: your rows, a matrix product, `F.conv2d`.*

# %% tags=["exercise", "05.class_map"]
def class_map(features, weight, bias):
    """Return scores (N, K, H, W) from features (N, C, H, W) and a linear layer's weight (K, C) and bias (K,)."""
    ### BEGIN SOLUTION
    return F.conv2d(features, weight[:, :, None, None], bias)
    ### END SOLUTION

# %% tags=["check", "05.class_map"]
check("05.class_map", class_map)

# %% [markdown]
# On the trained network, and on odd sizes, in float64:

# %%
exact = TinyCNN(3, K).double()
exact.load_state_dict(model.state_dict())
with torch.inference_mode():
    for size in ((32, 32), (17, 31), (1, 1), (70, 50)):
        x = torch.rand(2, 3, *size, dtype=torch.float64)
        cells = exact.class_map(x)
        assert torch.allclose(cells.mean(dim=(2, 3)), exact(x), rtol=0, atol=1e-10)
        print(f"{str(size):9} -> a map of {cells.shape[2]} x {cells.shape[3]} cells; its mean is the score")
    odd_cells = exact.class_map(torch.rand(1, 3, 17, 31, dtype=torch.float64))[0]
    inside = odd_cells[:, :2, :3]                                 # cells of 8 px that lie wholly in 17 x 31
    assert not torch.allclose(inside.mean(dim=(1, 2)), odd_cells.mean(dim=(1, 2)), atol=1e-6)

# %% [markdown]
# A footnote in the last lines: 17 x 31 is padded to 24 x 32 by repeating its last row and column, and the padded cells *vote*. The identity holds for all cells together, not for the cells inside.
#
# **Exercise 05.break_max** (break it, 5 minutes; objective: show which operations change places). *Somebody replaces the mean by a maximum, sees True, and believes that the identity still holds. Find features (1, 2, h, w), not negative, at most 12 positions, for which it is False.*

# %% tags=["data", "nbval-check-output"]
two_weights, two_biases = torch.tensor([[1.0, 1], [1, -1]]), torch.tensor([0.0, 0.5])


def same_with_maximum(features):
    after = F.conv2d(features, two_weights[:, :, None, None], two_biases).amax(dim=(2, 3))
    return torch.allclose(F.linear(features.amax(dim=(2, 3)), two_weights, two_biases), after)


same_with_maximum(torch.tensor([[[[3.0, 1.0]], [[0.0, 0.0]]]]))

# %% tags=["exercise", "05.break_max"]
### BEGIN SOLUTION
breaks_it = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])
### END SOLUTION

# %% tags=["check", "05.break_max"]
check("05.break_max", breaks_it)

# %% [markdown]
# ## 3 · Classification becomes segmentation
#
# The scenes again. No new training: we skip the mean.
#
# **Predict.** *Ink covers about 6 % of the scenes. Which percentage will the map call a digit?*

# %%
guess("05.colored", ...)

# %%
with torch.inference_mode():
    coarse = model.class_map(scenes)                              # (100, 11, 6, 8)
enlarged = F.interpolate(coarse, scale_factor=8, mode="bilinear")     # (100, 11, 48, 64)
seen = label_map(enlarged)
first, second, third = panels(3, width=3.4, titles=["The truth", "One class per cell of 8 px", "Scores blended to pixels"])
show_overlay(scenes[SHOWN], scene_masks[SHOWN], DIGIT_SCENES, first)
show_class_map(scenes[SHOWN], label_map(coarse)[SHOWN], DIGIT_SCENES, second)
show_overlay(scenes[SHOWN], seen[SHOWN], DIGIT_SCENES, third)
plt.show()

ink = scene_masks > 0
colored, inked = float((seen > 0).double().mean()), float(ink.double().mean())
named = float((seen == scene_masks)[ink].double().mean())
by_classes = float(mean_iou(confusion_matrix(seen, scene_masks, K)))
assert 0.05 < inked < 0.065 and 0.3 < colored < 0.75 and named > 0.5 and by_classes < 0.25
print(f"ink with the right name: {named:.0%}   mean IoU: {by_classes:.2f}")
gap("05.colored", round(100 * colored))

# %% [markdown]
# Classification has become segmentation, and not one mask was needed. **What it sees:** which digit, and about where: most of the ink has the right name. **What it cannot see:** the extent. A cell speaks up as soon as a digit touches its receptive field of 22 pixels, and a cell that sees only a part of it may well guess a wrong name. Training judged the *mean* alone, and the mean did not mind.
#
# ### Possible is not meaningful
#
# A mean takes pictures of any size. Remember the three readers of section 1, which only ever saw digits that fill their frame:

# %%
print("black pixels around   right on new digits, three seeds")
around = {}
for width in (0, 4, 8):
    around[width] = [accuracy(reader, F.pad(new_tight, (width,) * 4), new_names) for reader in readers]
    print(f"{width:<22}{'   '.join(f'{value:.0%}' for value in around[width])}")
assert min(around[0]) > 0.95 and max(around[4]) < 0.7

# %% [markdown]
# A frame of 4 black pixels, and they fail. A digit that used to fill one cell now straddles four (with a frame of 8 it fits into one again), empty positions vote in the mean, and zero padding no longer lies beside the ink. Our network learned with empty space around the digits, anywhere. *Train on what you will ask.*
#
# A **fully connected** layer on the flattened map does not even get so far: it has a weight for every position.

# %%
flat = torch.nn.Linear(128 * 4 * 4, K)                            # for 32 x 32 pixels
for picture in (images[:1], scenes[:1]):
    with torch.no_grad():
        features = model.features(picture)
        try:
            print(tuple(features.shape), "->", tuple(flat(features.flatten(1)).shape))
        except RuntimeError as refused:
            print(tuple(features.shape), "->", str(refused).split(" (")[0])

# %% [markdown]
# **Exercise 05.flatten** (core, 3 minutes; objective: compute the price of a flattening). *How many weights and biases has the fully connected layer that reads our scenes of 48 x 64, for 11 classes?*

# %% tags=["exercise", "05.flatten"]
### BEGIN SOLUTION
flat_weights = 128 * 6 * 8 * 11 + 11
### END SOLUTION

# %% tags=["check", "05.flatten"]
check("05.flatten", flat_weights)

# %% [markdown]
# ## 4 · What stride costs
#
# **Exercise 05.to_pixels** (core, 8 minutes; objective: enlarge without drift). *The score of a cell belongs to the middle of its 8 x 8 pixels. The last cells may hang over the edge, below and at the right.*

# %% tags=["exercise", "05.to_pixels"]
def to_pixels(scores, height, width, cell):
    """Return scores (N, K, h, w) of cells of `cell` pixels as (N, K, height, width), blended bilinearly."""
    ### BEGIN SOLUTION
    return F.interpolate(scores, scale_factor=cell, mode="bilinear", align_corners=False)[..., :height, :width]
    ### END SOLUTION

# %% tags=["check", "05.to_pixels"]
check("05.to_pixels", to_pixels)

# %% [markdown]
# Can we have a finer map from the same weights? Let a pooling look at every position instead of every second one, and **dilate** the convolutions behind it, so that their taps meet the same numbers as before:

# %% tags=["train"]
class Finer(TinyCNN):
    """TinyCNN asked at more positions: only its first `poolings` of three poolings take steps of 2, the others of 1."""

    poolings = 3

    def class_map(self, images):
        x, dilation = images, 1
        for number, conv in enumerate(self.convs):
            x = F.conv2d(x, conv.weight, conv.bias, padding=dilation, dilation=dilation).relu()
            if number < self.poolings:
                x = F.max_pool2d(x, 2)
            else:                                                 # the same window at every position
                x = F.max_pool2d(F.pad(x, (0, dilation, 0, dilation)), 2, stride=1, dilation=dilation)
                dilation *= 2                                     # the next taps stand twice as far apart
        return F.conv2d(x, self.head.weight[:, :, None, None], self.head.bias)

    def forward(self, images):
        stride = 2 ** self.poolings
        shift = (8 - stride) // 2                                 # a fine cell lies before the middle of its field
        scores = self.class_map(F.pad(images, (shift, -shift % 8) * 2))
        return F.interpolate(scores, scale_factor=stride, mode="bilinear")[..., : images.shape[2], : images.shape[3]]

# %%
finest = Finer(3, K).eval()
finest.load_state_dict(model.state_dict())
finest.poolings = 0
with torch.inference_mode():
    fine = finest.class_map(scenes[:4])                           # (4, 11, 48, 64): a score for every pixel
assert torch.allclose(fine[:, :, ::8, ::8], coarse[:4], atol=1e-3)    # every eighth one is the coarse map
print("coarse", tuple(coarse.shape[2:]), "  fine", tuple(fine.shape[2:]))

# %% [markdown]
# An identity again: the coarse map is every eighth pixel of the fine one. A stride only *skips* answers.
#
# **Hypothesis 1.** The fine map of the same weights has a better IoU. **Hypothesis 2.** When masks go on teaching these weights, a smaller stride has a better IoU. Same layers, same number of weights, same field in all rows: only the stride differs. First live: stride 8, one seed, half the channels.

# %%
NARROW, STRIDES = (16, 32, 64), (8, 4, 2)
reader = train(lambda: TinyCNN(3, K, widths=NARROW), images, classes, seed=0)


def as_segmenter():
    segmenter = Finer(3, K, widths=NARROW)
    segmenter.load_state_dict(reader.state_dict())                # it starts with what the classifier knows
    return segmenter


before, taught = as_segmenter(), train(as_segmenter, images, masks, seed=0, epochs=MASK_EPOCHS)
with torch.inference_mode():
    live = [float(mean_iou(confusion_matrix(label_map(m(scenes)), scene_masks, K))) for m in (before, taught)]
    shown = [scene_masks[SHOWN], *(label_map(m(scenes[SHOWN : SHOWN + 1]))[0] for m in (before, taught))]
assert live[1] > live[0] + 0.03
titles = ["The truth", f"Classes alone: mean IoU {live[0]:.2f}", f"{MASK_EPOCHS} epochs with masks: {live[1]:.2f}"]
for ax, seen in zip(panels(3, width=3.4, height=2.8, titles=titles), shown, strict=True):
    show_overlay(scenes[SHOWN], seen, DIGIT_SCENES, ax, legend=False)
plt.show()

# %% [markdown]
# Then the same for all strides and three seeds, measured beforehand. The *ceiling* is what a **perfect** map would score, were its cells copied to pixels.

# %%
table = json.loads(Path("../benchmarks/results/classes_to_pixels.json").read_text(encoding="utf-8"))


def rows_of(targets, stride):
    return [row for row in table["runs"] if (row["part"], row["targets"], row["stride"]) == ("stride", targets, stride)]


def scores(targets, stride):
    return [row["mean_iou"] for row in rows_of(targets, stride)]



def ceiling(stride):
    """Return the mean IoU of a map whose cells all have the most frequent label of their pixels."""
    planes = F.one_hot(scene_masks, K).movedim(-1, 1).double()
    best = F.avg_pool2d(planes, stride).argmax(dim=1, keepdim=True).double()
    copied = F.interpolate(best, scale_factor=stride)[:, 0].long()
    return float(mean_iou(confusion_matrix(copied, scene_masks, K)))


sides = {8: (32, 16, 8), 4: (32, 16, 8), 2: (32, 16, 16)}         # of the map under each convolution
ceilings, work = {}, {}
print(f"{table['command']}: {table['date']}, {table['machine']}, torch {table['torch']}")
print("mean IoU, mean and spread over 3 seeds\n\nstride   classes alone     then masks   ceiling   multiplications")
for stride in STRIDES:
    ceilings[stride] = ceiling(stride)
    work[stride] = sum(9 * a * b * side**2 for a, b, side in zip((3, *NARROW), NARROW, sides[stride], strict=False))
    cells = [f"{mean(found):.2f} ± {stdev(found):.2f}" for found in (scores("classes", stride), scores("masks", stride))]
    print(f"{stride:<6}{cells[0]:>16}{cells[1]:>15}{ceilings[stride]:>10.2f}{work[stride]:>18,}")

# %%
def missed(stride):
    """Return the share of the ink that is called background, after teaching with masks, for each seed."""
    ink_rows = [torch.tensor(row["confusion"])[1:] for row in rows_of("masks", stride)]
    return [float(counts[:, 0].sum() / counts.sum()) for counts in ink_rows]


alone, masked = ([scores(targets, stride) for stride in STRIDES] for targets in ("classes", "masks"))
for rough, fine in [*zip(alone[:2], alone[1:], strict=True), *zip(masked[:2], masked[1:], strict=True)]:
    assert all(f > r for r, f in zip(rough, fine, strict=True))                         # in each seed, both hypotheses
assert all(f - r < 0.02 for r, f in zip(alone[0], alone[2], strict=True))               # but the first one by little
assert mean(masked[2]) > mean(masked[0]) + 0.1 and ceilings[8] < 0.3
assert min(missed(8)) > 0.67 and max(missed(2)) < 0.52
assert work[4] == work[8] and work[2] > 2 * work[8]
runs = {f"stride {stride}": found for stride, found in zip(STRIDES, masked, strict=True)}
ax = show_seeds(runs, xlabel="mean IoU", title="In each seed: the finer, the better")
for seed in zip(*masked, strict=True):
    ax.plot(seed, range(len(STRIDES)), color="#b0b0b0", linewidth=0.8, zorder=1)
plt.show()

# %% [markdown]
# **Verdict.** *Hypothesis 1* holds in each seed, but by less than 0.02: the fine map gives more answers of the same kind, and no outline appears. *Hypothesis 2* holds, too, in each of the three seeds (a seed is one classifier, taught on at each stride), by more than 0.1 in the mean. Masks cure the false alarms first: at stride 8 more than two thirds of the ink are now called background, at stride 2 about half or less. Four epochs are short, and the background has most of the votes (chapter 07).
#
# From 8 to 4 it is free: the last pooling stands behind the last convolution. Stride 2 costs more than twice the multiplications. And blocks of 8 pixels cannot hold a stroke: even a perfect map, copied, stays below 0.3. Chapter 06 has the cure that costs little: it brings back the fine maps of the early layers.
#
# **Exercise 05.poolings** (core, 5 minutes; objective: choose the stride for an object). *How many 2 x 2 poolings may there be, so that an object still spans `cells` cells?*

# %% tags=["exercise", "05.poolings"]
def most_poolings(object_px, cells):
    """Return the largest number of poolings after which `cells` cells still fit into object_px pixels (>= cells)."""
    ### BEGIN SOLUTION
    poolings = 0
    while cells * 2 ** (poolings + 1) <= object_px:
        poolings += 1
    return poolings
    ### END SOLUTION

# %% tags=["check", "05.poolings"]
check("05.poolings", most_poolings)

# %% [markdown]
# **Exercise 05.see_digit** (core, 4 minutes; objective: trade stride for kernel). *Every pixel of a digit of 16 pixels should see all of it: a field of 2 x 16 - 1 = 31. Reach it with a jump of at most 2.*

# %% tags=["exercise", "05.see_digit"]
SEE = Goal(
    "See a digit from any of its pixels: 31 px without holes, at most 5 layers, a jump of at most 2.",
    (("size", ">=", 31), ("holes", "==", 0), ("depth", "<=", 5), ("jump", "<=", 2)),
)
stacker = ReceptiveFieldExplorer(goal=SEE)
### BEGIN SOLUTION
stacker.depth, stacker.kernel_size, stacker.halvings = 5, 5, 1
### END SOLUTION
stacker

# %% tags=["check", "05.see_digit"]
check("05.see_digit", stacker)

# %% [markdown]
# ## 5 · Photographs
#
# The article trained on CIFAR-10: ten things, 32 x 32 pixels. Where it is present, this cell trains our network on 2,000 of its pictures.

# %%
if is_present("cifar10"):
    few = {split: stack(Subset(open_dataset("cifar10", split=split), range(2000))) for split in ("train", "test")}
    photographer = train(lambda: TinyCNN(3, 10), *few["train"], seed=0, progress=True)
    print(f"CIFAR-10, 2,000 pictures: {accuracy(photographer, *few['test']):.0%} of new ones are right")
else:
    print("CIFAR-10 is not here: the digits are its twin. `seglearn data fetch cifar10` gets it (170 MB).")

photos = [row for row in table["runs"] if row["part"] == "cifar10"]
right = [row["accuracy"] for row in photos]
assert {row["learned_from"] for row in photos} == {2000} and 0.3 < mean(right) < 0.6
print(f"measured beforehand, {photos[0]['epochs']} epochs on a subset of 2,000: accuracy {mean(right):.2f} ± {stdev(right):.2f}")

# %% [markdown]
# Far above chance (0.1), far from good: photographs need more pictures, and more network.
#
# ## 6 · Your own handwriting
#
# **Exercise 05.own_digits** (transfer, 10 minutes; objective: apply a classifier as a segmenter). *Write some digits, photograph them, make them white on black and about 16 pixels high. Which cells know what you wrote? `own` is image, class map (K, h, w), and labels (H, W). Without a picture, take a scene.*

# %% tags=["data"]
own_image = DigitScenes("test", 1, size=(48, 64), tile=16)[0][0]      # or 1 - read_image("mine.png"), made small
seed_everything(5)
segmenter = globals().get("model", TinyCNN(3, K)).eval()              # the one that learned above

# %% tags=["exercise", "05.own_digits"]
### BEGIN SOLUTION
with torch.inference_mode():
    own_map = segmenter.class_map(own_image[None])[0]
own_large = F.interpolate(own_map[None], scale_factor=8, mode="bilinear")
own = own_image, own_map, label_map(own_large)[0, : own_image.shape[1], : own_image.shape[2]]
### END SOLUTION

# %% tags=["check", "05.own_digits"]
check("05.own_digits", own)

# %% [markdown]
# ## What stays
#
# 1. A classifier with a global average holds a map: the same last layer, asked at every position. The map's mean is the class score.
# 2. Flattening ties a network to one size; `view` without `permute` scrambles.
# 3. Class labels teach what and about where, not the extent. A mean fits any size; only training makes it meaningful.
# 4. Stride skips answers. Finer cells help most once masks teach them.
# 5. Shuffle the labels: what is still right then was never learned from them.
#
# **You can now** implement a classifier and count its weights (05.network, 05.weights), derive its map (05.rows, 05.class_map, 05.break_max), diagnose scrambling, shuffled labels and empty votes (sections 1 to 3), explain what the map cannot see (section 3), and measure and choose strides (05.to_pixels, 05.poolings, 05.see_digit).
#
# | If you see ... | suspect ... |
# |---|---|
# | more rows of scores than pictures | `view(-1, C)` on (N, C, H, W) |
# | training goes well, new pictures at chance | labels that do not belong to their pictures |
# | "mat1 and mat2 shapes cannot be multiplied" | a flattening, and another image size |
# | good alone, bad with space around | a mean over positions that were never empty in training |
# | labels that drift off their things, most of all at the edges | a map stretched to the picture, or aligned corners |
# | fat blobs around things | a map taught by class labels alone |
#
# **Glossary.** classifier 分类器 · global average pooling 全局平均池化 · fully connected layer 全连接层 · linear layer 线性层 · class map 类别图 · 1 x 1 convolution 1x1 卷积 · flatten 展平 · stride 步幅 · dilation 膨胀（空洞） · confusion matrix 混淆矩阵 · chance level 随机水平 · weak supervision 弱监督
#
# **Read next.** Zhou, Khosla, Lapedriza, Oliva, Torralba: *Learning Deep Features for Discriminative Localization*, CVPR 2016, arXiv:1512.04150: class maps from a global average. Then Long, Shelhamer, Darrell: *Fully Convolutional Networks for Semantic Segmentation*, CVPR 2015, arXiv:1411.4038, section 3.

# %%
progress()
