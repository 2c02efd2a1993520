# %% [markdown]
# # 00 · Start here: a street, segmented in a minute
#
# **Question of this chapter:** can a small network on a laptop learn to name every pixel of a street, and how do we know that it did?
#
# After it you can
# - **say** what a segmentation model receives and returns, in shapes,
# - **compute** the IoU (intersection over union) of one class by hand and in code,
# - **explain** why pixel accuracy flatters a lazy model,
# - **train** a U-Net and **judge** it on pictures it has never seen,
# - **use** `guess`, `check`, `hint` and `solution`, which go through the whole course with you.
#
# *Time: 20 minutes to read and run, of which about one is training, and as much again for the exercises. You need: a little Python and PyTorch. No GPU, no network.*

# %% tags=["setup"]
import json
import math
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from seglearn.data import in_memory, open_dataset, read_image, stack
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import confusion_matrix, iou, label_map, mean_iou
from seglearn.models import UNet
from seglearn.plots import contact_sheet, panels
from seglearn.plots import show_confusion, show_errors, show_history, show_image, show_overlay
from seglearn.training import best_device, describe_device, seed_everything
from seglearn.training import LivePicture, evaluate, fit, predict, warmup_cosine
from seglearn.widgets import OverlapExplorer

DEVICE = best_device()
print(describe_device(DEVICE).split(";")[0])

# %% [markdown]
# If a line above failed, open *File > New > Terminal* and type `seglearn doctor` (outside of JupyterLab: `python -m uv run seglearn doctor`, in the course's folder). It looks at your machine and names a cure for each problem.
#
# ## 1 · One label for every pixel
#
# A photograph is a grid of colors. **Segmentation** gives every point of that grid a name: this pixel is *road*, that one is *car*.
# Our streets are drawn by the course itself, so they need no download, and we know the truth of every pixel.
# The line with `WORLD` decides which pictures the whole notebook uses. Leave it for now; at the end you change it and meet real ones.

# %% tags=["setup"]
WORLD, SIZE = "drawn-streets", (64, 96)  # which pictures, and their height and width in pixels
EPOCHS, BATCH, RATE = 9, 8, 5e-3         # how long, in what portions, and how fast to learn
NET = dict(widths=(16, 32, 64, 96), convs=1)  # a small U-Net: features and layers per level
SEED = 0                                 # where chance starts

# %% tags=["data"]
train_set = in_memory(open_dataset(WORLD, split="train", size=SIZE), fill=True)
val_set = in_memory(open_dataset(WORLD, split="val", size=SIZE), fill=True)
labels = train_set.labels
K = len(labels)
print(f"{len(train_set)} pictures to learn from, {len(val_set)} to judge with, {K} classes")

# %%
axes = contact_sheet(train_set, 8, columns=4)
axes[0].figure.suptitle("Eight of the pictures, with the truth laid over them")
plt.show()

# %% [markdown]
# Every class wears one color in the whole course, and an outline, so that color never speaks alone.
# A pair is an `image` of shape (3, H, W) with numbers from 0 to 1, and a `mask` of shape (H, W) with whole numbers: the labels.

# %% tags=["data"]
image, mask = val_set[4]
image.shape, image.dtype, mask.shape, mask.dtype

# %% [markdown]
# ## 2 · How this course talks with you
#
# Before something is shown, you **guess** it. A wrong guess that you wrote down teaches more than a right answer that you read.
# Replace the `...` by a number and run the cell; `gap` then shows your guess beside the result. Left as it is, it does no harm: nothing in this course breaks when you skip.
#
# *A network looks at one of these pictures and answers for every pixel. How many decisions does it make?*

# %%
guess("00.decisions", ...)

# %%
gap("00.decisions", mask.numel())

# %% [markdown]
# Now the first exercise. `check` tells you one of four things: passed, not yet (with the smallest input that shows why), not attempted, or an error in your code.
# It never stops the notebook. Stuck? `hint("00.scores")` gives a question, then the steps, then one line. `solution("00.scores")` shows ours.
#
# **Exercise 00.scores** (warm-up, 2 minutes). *For each pixel the network returns one score per class. How many numbers does it return for a batch of 4 pictures of 64 x 96 pixels with 8 classes?*

# %% tags=["exercise", "00.scores"]
numbers = ...
### BEGIN SOLUTION
numbers = 4 * 8 * 64 * 96
### END SOLUTION

# %% tags=["check", "00.scores"]
check("00.scores", numbers)

# %% [markdown]
# Those numbers are the **logits**, of shape (N, K, H, W). The class with the highest score at a pixel is the prediction. That is all a segmenter does.
# Here is a **U-Net** that has learned nothing yet: a network that first makes the picture smaller, to see what is there, then larger again, to say where (chapter 06 builds it). *What went wrong in the picture on the right?*

# %% tags=["data"]
generator = seed_everything(SEED)
model = UNet(channels=3, classes=K, **NET).to(DEVICE)

# %%
logits = model(image.unsqueeze(0).to(DEVICE))  # (1, K, H, W)
untrained = predict(model, image.unsqueeze(0))[0]  # (H, W)
assert torch.equal(untrained, label_map(logits.cpu())[0])

ax_image, ax_truth, ax_guess = panels(3)
show_image(image, ax_image, title="A picture it has never seen")
show_overlay(image, mask, labels, ax_truth, title="The truth")
show_overlay(image, untrained, labels, ax_guess, title="Before learning: noise with names")
plt.show()

# %% [markdown]
# Nothing went wrong: nobody has told it anything. Its weights are random, so its answers are.
#
# ## 3 · How wrong is it? Counting what overlaps
#
# We need one number. The obvious one is **pixel accuracy**, the share of right pixels. It has a weakness that you can feel with your own hands.
# Below, a car is a small part of the picture. Push the guess around with the sliders or the arrow keys.
# The second number, **IoU**, divides the pixels that guess and truth share by the pixels that either of them has.

# %% tags=["data"]
explorer = OverlapExplorer()
explorer

# %% tags=["exercise", "00.flattery"]
# Exercise 00.flattery (core, 3 minutes): reach the goal above with the sliders, then run the next cell.
### BEGIN SOLUTION
explorer.dx, explorer.dy, explorer.grow = 3, 0, 0
### END SOLUTION

# %% tags=["check", "00.flattery"]
check("00.flattery", explorer)

# %% [markdown]
# Accuracy counts the background, and there is a lot of background. IoU does not:
#
# $$\text{IoU} = \frac{\text{hits}}{\text{hits} + \text{misses} + \text{false alarms}}$$
#
# Count it once by hand, then let the library count. Truth is 1 at four pixels, the guess at three, and they share two.

# %% tags=["nbval-check-output"]
truth = torch.tensor([[0, 1, 1, 0], [0, 1, 1, 0]])
guessed = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 0]])

hits = misses = false_alarms = 0
for t, g in zip(truth.flatten().tolist(), guessed.flatten().tolist(), strict=True):
    hits += t == 1 and g == 1
    misses += t == 1 and g == 0
    false_alarms += t == 0 and g == 1

by_hand = hits / (hits + misses + false_alarms)
by_library = iou(confusion_matrix(guessed[None], truth[None], classes=2))[1]
hits, misses, false_alarms, by_hand, by_library.item()

# %% [markdown]
# **Exercise 00.one_iou** (core, 6 minutes). Write the IoU of one class. Pixels whose truth is 255 are *void*: nobody knows what is there, so nobody may be blamed for them.
# If a class is in neither the prediction nor the truth, there is nothing to judge: return `math.nan`.

# %% tags=["exercise", "00.one_iou"]
def one_iou(pred, mask, label):
    """Return the IoU of one class as a float.

    pred and mask are (H, W) integer tensors; 255 in the mask is void.
    """
    ### BEGIN SOLUTION
    seen = mask != 255
    guessed, true = (pred == label) & seen, (mask == label) & seen
    union = (guessed | true).sum().item()
    return (guessed & true).sum().item() / union if union else math.nan
    ### END SOLUTION

# %% tags=["check", "00.one_iou"]
check("00.one_iou", one_iou)

# %% [markdown]
# **Exercise 00.lazy** (break it, 2 minutes). Break pixel accuracy: fill `lazy` with a prediction for the mask below that gets at least 0.9 of the pixels right and still has an IoU of 0 for the car (label 1).

# %% tags=["data"]
street = torch.zeros(6, 10, dtype=torch.int64)
street[3:5, 6:8] = 1
street

# %% tags=["exercise", "00.lazy"]
lazy = ...  # a (6, 10) integer tensor
### BEGIN SOLUTION
lazy = torch.zeros_like(street)
### END SOLUTION

# %% tags=["check", "00.lazy"]
check("00.lazy", lazy)

# %% [markdown]
# The **mean IoU** averages over the classes that occur, so a rare class counts as much as the sky.
# A fair judge also asks: how far does one get *without looking at the picture*? Streets have the sky above and the road below.
# So we take, at each position, the label that is most common there in the training masks, and give that one answer to every picture.

# %% tags=["data"]
train_masks = stack(train_set)[1]
votes = torch.stack([(train_masks == k).sum(dim=0) for k in range(K)])  # (K, H, W)
habit = votes.argmax(dim=0)                                            # (H, W)
images, masks = stack(val_set)
baseline = mean_iou(confusion_matrix(habit.expand_as(masks), masks, K)).item()

# %%
ax_habit, ax_wrong = panels(2)
show_overlay(image, habit, labels, ax_habit, title=f"One answer for all: mean IoU {baseline:.2f}")
show_errors(habit, mask, ax_wrong, title="Where it is wrong in this one")
plt.show()

# %% [markdown]
# ## 4 · Learning
#
# A network that knows nothing gives each of K classes the probability 1/K. **Cross-entropy**, the loss we make small, is the mean of -ln(probability of the true class).
#
# **Exercise 00.first_loss** (stretch, 3 minutes). *What is the loss of a network that gives all of 8 classes the same probability?* Three digits are enough.

# %% tags=["exercise", "00.first_loss"]
first_loss = ...
### BEGIN SOLUTION
first_loss = math.log(8)
### END SOLUTION

# %% tags=["check", "00.first_loss"]
check("00.first_loss", first_loss)

# %% [markdown]
# A first loss far from ln K is an alarm: something is wrong before learning has begun. Ours:

# %%
with torch.no_grad():
    first = cross_entropy_loss(model(images[:16].to(DEVICE)), masks[:16].to(DEVICE)).item()
print(f"first loss {first:.2f}, ln K = {math.log(K):.2f}")
assert abs(first - math.log(K)) < 0.35 * math.log(K)

# %% [markdown]
# *After about a minute of learning: what mean IoU will it reach on pictures it has never seen?* 0 is nothing, 1 is perfect, and you know what habit alone is worth.

# %%
guess("00.mean_iou", ...)

# %% [markdown]
# Now watch. An **epoch** is one walk through all training pictures; after each batch of them the **optimizer** changes the weights a little. The bar shows the loss, the score and the time left. The score is the mean IoU on the **validation** pictures, which are only for judging. You may press ■ at any time: the best network so far is kept.

# %% tags=["train"]
generator = seed_everything(SEED)
model = UNet(channels=3, classes=K, **NET)
train = DataLoader(train_set, batch_size=BATCH, shuffle=True, generator=generator)
val = DataLoader(val_set, batch_size=BATCH)
optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)

shown = torch.stack([val_set[i][0] for i in (4, 1, 7)])
axes = panels(3, 2, live=True)
for ax, i in zip(axes, (4, 1, 7), strict=False):
    show_image(val_set[i][0], ax, title="never seen")

def draw(ax, image, pred):
    show_overlay(image, pred, labels, ax, legend=False)

live = LivePicture(axes[3:], shown, draw)

history = fit(
    model, train, val, loss=cross_entropy_loss, epochs=EPOCHS, device=DEVICE, callbacks=[live],
    optimizer=optimizer, scheduler=warmup_cosine(optimizer, steps=EPOCHS * len(train)),
    score=lambda model, batches: mean_iou(evaluate(model, batches, K)),
)

# %%
gap("00.mean_iou", round(max(history.score, default=0.0), 2))  # 0 if you stopped before the first epoch was over

# %% [markdown]
# That number has a flaw: we looked at it after every epoch and kept the best. Pictures that helped to choose cannot judge.
# So there is a third set, the test set, which is used once.

# %% tags=["train"]
test_set = in_memory(open_dataset(WORLD, split="test", size=SIZE), fill=True)
confusion = evaluate(model, DataLoader(test_set, batch_size=BATCH), K)
score = mean_iou(confusion).item()
print(f"mean IoU on {len(test_set)} test pictures: {score:.2f}, without looking at them: {baseline:.2f}")
if WORLD == "drawn-streets" and not history.interrupted:
    assert 0.6 < score < 0.95 and score > baseline + 0.2, "it should have learned more than habit"

# %% [markdown]
# One training is one throw of the dice. How much does the score depend on chance? The next table was measured beforehand, three seeds each on drawn and on real pictures, with the command that it names; the score above is the one that your own machine has computed.

# %%
table = json.loads(Path("../benchmarks/results/start_here.json").read_text(encoding="utf-8"))
print(f"{table['command']}\n{table['date']}, {table['machine']}, torch {table['torch']}\n")
for row in table["runs"]:
    told = f"mean IoU {row['test_mean_iou']:.3f} after {row['train_s']:.0f} s of training"
    print(f"{row['world']:15s} seed {row['seed']}: {told}")

# %% [markdown]
# ## 5 · Read the result
#
# One number hides much. Which classes are easy, and which are not? *Which class do you expect to be worst? Write its name in quotes, as in the legend: `"sky"`.*

# %%
guess("00.worst_class", ...)

# %%
found = zip(labels.names, iou(confusion).tolist(), strict=True)
scores = {name: value for name, value in found if not math.isnan(value)}  # nan: not in these pictures
for name, value in scores.items():
    print(f"{name:11s} {value:.2f} {'█' * round(30 * value)}")

# %%
gap("00.worst_class", min(scores, key=scores.get))

# %%
ax_history, ax_confusion = panels(2, width=5)
show_history(history, ax_history, title="The loss falls, the score rises")
show_confusion(confusion, labels, ax_confusion, title="What is taken for what")
plt.show()

# %% [markdown]
# Thin and small things are hard. Many poles and persons are only a few pixels wide, so a doubt of one pixel at their edges is a large part of them. The sky is large, and most of its pixels are far from any edge.
# Let us look at the test picture with the most wrong pixels, because averages never show you what to mend.

# %%
test_images, test_masks = stack(test_set)
preds = predict(model, test_images)
wrong = ((preds != test_masks) & (test_masks != 255)).float().mean(dim=(1, 2))
worst = wrong.argmax().item()
hardest, truth, pred = test_images[worst], test_masks[worst], preds[worst]

ax_truth, ax_pred, ax_wrong = panels(3)
show_overlay(hardest, truth, labels, ax_truth, title="Truth of its hardest picture")
show_overlay(hardest, pred, labels, ax_pred, title="What it says")
show_errors(pred, truth, ax_wrong, title=f"{wrong[worst]:.0%} of the pixels are wrong")
plt.show()

# %% [markdown]
# ## 6 · Your own picture, and real ones
#
# **Exercise 00.own_picture** (transfer, 5 minutes). Put the path of a photograph of a street into `PICTURE`, run the next two cells, and look. The network has only seen drawings: expect it to be wrong, and note *where*. Then let `check` see your prediction.

# %% tags=["data"]
PICTURE = Path("../data/samples/streets/images/000.png")
own = read_image(PICTURE)
own = F.interpolate(own[None], size=SIZE, mode="bilinear", antialias=True)  # (1, 3, H, W)

# %%
show_overlay(own[0], predict(model, own)[0], labels, title="What it sees in your picture")
plt.show()

# %% tags=["exercise", "00.own_picture"]
own_prediction = ...  # a (H, W) integer tensor: what the model predicts for `own`
### BEGIN SOLUTION
own_prediction = predict(model, own)[0]
### END SOLUTION

# %% tags=["check", "00.own_picture"]
check("00.own_picture", own_prediction)

# %% [markdown]
# **Real pictures.** In the cell with `WORLD`, write one of these lines and choose *Run All Cells*. In a terminal of JupyterLab (*File > New > Terminal*), `seglearn data list` shows what is on your machine, and `seglearn data fetch camvid` gets a set.
#
# | write | and you get |
# |---|---|
# | `WORLD, SIZE = "camvid", (72, 96)` | frames filmed from a car in Cambridge, 11 classes |
# | `WORLD, SIZE = "nuclei", (96, 96)` | cells under a microscope, 2 classes |
# | `WORLD, SIZE = "drawn-nuclei", (96, 96)` | drawn cells, no download |
#
# ## You can now
#
# - say that a segmenter takes images (N, 3, H, W) and returns logits (N, K, H, W), one score per class and pixel;
# - count hits, misses and false alarms, and divide them into an IoU;
# - name two things that flatter: accuracy with much background, and a score on pictures that helped to choose;
# - train, stop, and judge a U-Net, and look at its worst picture first.
#
# | If you see | suspect |
# |---|---|
# | a first loss far from ln K | wrong number of classes, or a softmax before the loss |
# | accuracy high, IoU near 0 | the model predicts the background everywhere |
# | a loss that is not a number | a learning rate that is too large |
# | a score no better than habit | images and masks that do not belong together |
#
# | term | 中文 | meaning |
# |---|---|---|
# | segmentation | 图像分割 | a label for every pixel |
# | mask | 掩码 | the picture of labels |
# | logits | 未归一化得分 | raw scores before softmax |
# | intersection over union (IoU) | 交并比 | shared pixels / pixels of either |
# | cross-entropy | 交叉熵 | mean of -ln(probability of the truth) |
#
# Next: `01_images_and_masks`. To read: Ronneberger, Fischer and Brox, *U-Net* (2015), arXiv:1505.04597: eight short pages and one famous figure.

# %%
progress()
