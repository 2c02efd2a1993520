# %% [markdown]
# # 01 · Images and masks: what a network is shown
#
# **Question of this chapter:** what exactly are the numbers in a picture and in its mask, and how do they go wrong without any error message?
#
# After it you can
# - **compute** where a value stands in memory, for both common layouts,
# - **implement** the way from a file to a float image, and from a mask to one-hot planes,
# - **decode** color-coded masks, and **compute** class shares, without counting void pixels,
# - **choose** between classification, detection, semantic, instance and panoptic segmentation,
# - **diagnose** silent damage: scrambled layout, overflow, default labels, JPEG, blended labels.
#
# *Time: 60 minutes, and 20 more with the stretch and your own picture. You need: chapter 00. Running everything takes about 20 seconds; no GPU, no network.*

# %% tags=["setup"]
import io
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import label as connected_pixels
from torchvision.ops import masks_to_boxes

from seglearn.data import DrawnStreets, read_image, read_mask, save_mask
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import IGNORE, INK, STREETS, colorize, from_colors
from seglearn.plots import describe, panels, show_errors, show_image, show_instances, show_mask, show_overlay
from seglearn.training import seed_everything
from seglearn.widgets import Goal, PixelProbe

seed_everything(1)
SAMPLES = Path("../data/samples/streets")  # a few drawn pairs as PNG files: they need no network
K = len(STREETS)
print(f"CPU is enough here. {K} classes:", ", ".join(STREETS.names))

# %% [markdown]
# ## What went wrong here?
#
# We open a picture file, and want the channels first, because PyTorch wants them there. Here are two ways to do it. Both run, and neither complains. *Which one is wrong, and why?*

# %% tags=["data", "nbval-check-output"]
picture = torch.from_numpy(np.array(Image.open(SAMPLES / "images" / "003.png")))  # as it stands in the file
picture.shape, picture.dtype

# %%
wanted = picture.permute(2, 0, 1) / 255
scrambled = picture.reshape(3, 96, 144) / 255
assert torch.equal(wanted.flatten().sort().values, scrambled.flatten().sort().values)  # the very same numbers

left, right = panels(2, titles=["One line: a street", "The other line: same numbers"])
show_image(wanted, left)
show_image(scrambled, right)
describe(left, "a street with three cars, trees and two people.")
describe(right, "a grid of colored dots and stripes, in which a tree can just be guessed.")
plt.show()

# %% [markdown]
# A network would train on such pictures for hours, and just be bad. This chapter collects such silent mistakes, and the checks that find them.
#
# ## 1 · An image is a line of numbers, folded
#
# Memory has no rows and no colors: it is one long line. A **shape** says how to fold the line.
# Files store a picture as (H, W, C): red, green, blue of one pixel stand side by side. PyTorch wants (C, H, W): first all reds, then all greens, then all blues.
#
# Through the whole chapter we use one tiny street of 4 x 6 pixels: sky, a building, a car, a pole, a road. Here are its labels, and its picture in the colors of the labels.

# %% tags=["data", "nbval-check-output"]
tiny = torch.tensor([
    [0, 0, 0, 0, 7, 0],
    [1, 1, 0, 0, 7, 0],
    [1, 1, 5, 5, 7, 255],
    [2, 2, 2, 2, 2, 2],
])
tiny_picture = colorize(tiny, STREETS)  # uint8, as in a file
tiny_picture.shape

# %%
show_mask(tiny, STREETS, title="The tiny street: 24 pixels, 24 labels")
plt.show()

# %% [markdown]
# **Predict.** The tiny picture is a line of 72 numbers in the order (H, W, C). We move the channels to the front. *How many of the 72 numbers still stand at their old place in the line?*

# %%
guess("01.stay", ...)

# %% [markdown]
# First the slow way; then the library, and the proof that they agree.

# %%
height, width, channels = tiny_picture.shape
looped = torch.empty(channels, height, width)
for c in range(channels):
    for y in range(height):
        for x in range(width):
            looped[c, y, x] = tiny_picture[y, x, c] / 255  # the same value, at another address
assert torch.equal(looped, tiny_picture.permute(2, 0, 1) / 255)

# %%
before = torch.arange(72).reshape(4, 6, 3)         # every number says where it stood
after = before.permute(2, 0, 1).flatten()          # the line after the move
stay = int((after == torch.arange(72)).sum())
assert stay == 2 and after[0] == 0 and after[-1] == 71
gap("01.stay", stay)

# %% [markdown]
# Only the first and the last number stay. `reshape` leaves *all* numbers where they are and only folds the line in other places: that was the scrambled street. `permute` moves an axis, and so reorders the line.
#
# **Exercise 01.flat_place** (core, 3 minutes; objective: compute an address). *In a (3, 4, 6) image, at which place in the line stands the green value of row 2, column 5? Count everything from 0; green is channel 1.*

# %% tags=["exercise", "01.flat_place"]
### BEGIN SOLUTION
flat_place = (1 * 4 + 2) * 6 + 5
### END SOLUTION

# %% tags=["check", "01.flat_place"]
check("01.flat_place", flat_place)

# %% [markdown]
# **Exercise 01.probe** (core, 4 minutes; objective: go back from an address to a pixel). *Move the cursor by mouse, sliders or arrow keys until the probe stands on place 20,000 of the (C, H, W) image. Calculate first, then move.* Watch also what the probe says about the car that carries the camera: its hood is the gray arc at the bottom edge.

# %% tags=["data"]
GOAL = Goal("Stand on the value at place 20,000 of the (C, H, W) image.", (("flat_chw", "==", 20_000),))
image, mask = read_image(SAMPLES / "images" / "003.png"), read_mask(SAMPLES / "labels" / "003.png", classes=K)
probe = PixelProbe(image, mask, STREETS, goal=GOAL)

# %% tags=["exercise", "01.probe"]
### BEGIN SOLUTION
probe.row, probe.column, probe.channel = 42, 128, 1
### END SOLUTION
probe

# %% tags=["check", "01.probe"]
check("01.probe", probe)

# %% [markdown]
# ### The range: why not keep the bytes?
#
# A byte, `uint8`, counts from 0 to 255 and then starts again at 0, like a clock.
#
# **Predict.** *We make a pixel brighter: the byte 200, plus 100. What comes out?*

# %%
guess("01.brighter", ...)

# %%
byte = torch.tensor(200, dtype=torch.uint8)
brighter = int(byte + 100)
assert brighter == 300 - 256
gap("01.brighter", brighter)

# %%
left, right = panels(2, titles=["100 added to bytes: bright turns dark", "0.39 added to floats, then clamped"])
show_image((picture + 100).permute(2, 0, 1) / 255, left)
show_image((image + 100 / 255).clamp(0, 1), right)
describe(left, "the sky is pink and green, the facades are green and blue; only what was dark looks right.")
describe(right, "the same street, paler; the brightest parts are white.")
plt.show()

# %% [markdown]
# No error, again. This is called **overflow**. So an **image** in this course is always `float32`, of shape (3, H, W), with 0 for black and 1 for white.
#
# **Exercise 01.to_float** (core, 7 minutes; objective: implement the way from any file to an image). *Real files come in three kinds: (H, W, 3), gray (H, W), and (H, W, 4) with transparency, all `uint8`. Return (3, H, W) `float32` in [0, 1]: repeat gray three times, drop transparency.* If you are stuck: `hint("01.to_float")`, up to three times.

# %% tags=["exercise", "01.to_float"]
def to_float(picture):
    """Return the image (3, H, W) float32 in [0, 1] of a picture (H, W), (H, W, 3) or (H, W, 4) uint8."""
    ### BEGIN SOLUTION
    if picture.ndim == 2:
        picture = picture[..., None].expand(-1, -1, 3)
    return picture[..., :3].permute(2, 0, 1).float() / 255
    ### END SOLUTION

# %% tags=["check", "01.to_float"]
check("01.to_float", to_float)

# %% [markdown]
# ## 2 · A mask is one label for each pixel
#
# A **mask** has the height and width of its image, and no channels: (H, W), `int64`. Its numbers are names. 5 is not "more" than 2; it is *car*, and 2 is *road*.
#
# A loss compares a mask with K scores per pixel, so we often need K planes: plane k is 1 where the label is k, and 0 elsewhere. This is **one-hot** encoding.
# One label is special: 255, **void**. Nobody knows, or nobody asks, what such a pixel is: a blurred border, or the hood of the car with the camera.
#
# **Predict.** *The tiny street becomes 8 planes of 24 pixels: 192 numbers. How many of them are 1?*

# %%
guess("01.ones", ...)

# %% [markdown]
# **Step 1: the loop.** It is complete; read it.

# %%
looped = torch.zeros(K, 4, 6)
for y in range(4):
    for x in range(6):
        if tiny[y, x] != IGNORE:          # void belongs to no class
            looped[tiny[y, x], y, x] = 1

# %%
known = tiny != IGNORE                                                    # (4, 6): has a label
assert torch.equal(looped[:, known].T.long(), F.one_hot(tiny[known], K))  # the library agrees
ones = int(looped.sum())
assert ones == 23
gap("01.ones", ones)

# %%
shown = ["sky", "building", "road", "car", "pole", "person"]
for ax, name in zip(panels(6, titles=shown, width=1.6), shown, strict=True):
    plane = looped[STREETS.index(name)]
    show_image(plane[None], ax)
    describe(ax, f"{int(plane.sum())} of {plane.numel()} pixels are 1.")
plt.show()

# %% [markdown]
# 24 pixels, one of them void: 23 ones. The absent class *person* has its plane, too, all zeros.
#
# **Exercise 01.planes** (warm-up, 3 minutes): **step 2, half done.** *No void here. Give the labels the right shape, and compare.* An axis of size 1 is repeated as often as needed: this is **broadcasting**.

# %% tags=["exercise", "01.planes"]
def planes(mask, classes):
    """Return the one-hot planes (K, H, W) float32 of a mask (H, W) with labels 0..K-1."""
    labels = torch.arange(classes)
    ### BEGIN SOLUTION
    return (mask == labels[:, None, None]).float()
    ### END SOLUTION

# %% tags=["check", "01.planes"]
check("01.planes", planes)

# %% [markdown]
# **Exercise 01.one_hot** (core, 7 minutes): **step 3, all yours.** *A whole batch (N, H, W), with void. Void pixels are 0 in every plane. Leave the input as it was.* (`F.one_hot` would refuse 255, and loudly.)

# %% tags=["exercise", "01.one_hot"]
def one_hot(masks, classes):
    """Return the planes (N, K, H, W) float32 of masks (N, H, W) with labels 0..K-1 or 255."""
    ### BEGIN SOLUTION
    labels = torch.arange(classes, device=masks.device)[:, None, None]
    return (masks[:, None] == labels).float()
    ### END SOLUTION

# %% tags=["check", "01.one_hot"]
check("01.one_hot", one_hot)

# %% [markdown]
# **Exercise 01.void** (warm-up, 1 minute). *What does a void pixel cost? Run the check to see the question; answer with a letter.*

# %% tags=["exercise", "01.void"]
### BEGIN SOLUTION
void_costs = "c"
### END SOLUTION

# %% tags=["check", "01.void"]
check("01.void", void_costs)

# %% [markdown]
# **Exercise 01.class_share** (core, 5 minutes; objective: compute shares without void). *Which part of the labeled pixels belongs to each class? Where nothing is labeled, nobody knows: NaN.*

# %% tags=["exercise", "01.class_share"]
def class_share(mask, classes):
    """Return the share (K,) float64 of each class among the pixels of a mask (H, W) that are not 255."""
    ### BEGIN SOLUTION
    counts = torch.bincount(mask[mask != 255], minlength=classes)
    return counts.double() / counts.sum()
    ### END SOLUTION

# %% tags=["check", "01.class_share"]
check("01.class_share", class_share)

# %% [markdown]
# ## 3 · Masks in files: colors, and two traps
#
# Many data sets store masks as colored pictures. A **palette** says which color means which label. Reading it back looks easy: start with an empty mask, and write each color's label where the color is.
#
# **Predict.** *The mask below starts with zeros, and someone forgot the light gray of void. Which label do the void pixels get?*

# %%
guess("01.forgotten", ...)

# %%
colored = colorize(mask, STREETS)                             # (H, W, 3) uint8: a mask as a colored picture
careless = torch.zeros(96, 144, dtype=torch.int64)
for k, color in enumerate(STREETS.colors):
    careless[(colored == torch.tensor(color)).all(dim=-1)] = k
gap("01.forgotten", int(careless[mask == IGNORE].unique()))

# %%
left, right = panels(2, titles=["Read with zeros: sky on the ground", "Read with care: void stays void"])
show_mask(careless, STREETS, left, legend=False)
show_mask(mask, STREETS, right)
plt.show()

# %% [markdown]
# 0 is a class! A default of 0 turns everything forgotten into *sky*. A good reader starts with 255, or refuses. Ours refuses. Here it meets the second trap: somebody saved the colored mask as JPEG. The second cell below ends in a red error **on purpose**: read its last line.

# %%
file = io.BytesIO()
Image.fromarray(colored.numpy()).save(file, format="JPEG", quality=90)
damaged = torch.from_numpy(np.array(Image.open(file)))
colors_before, colors_after = (len(p.reshape(-1, 3).unique(dim=0)) for p in (colored, damaged))
assert colors_before == len(mask.unique()) and colors_after > 100   # one color per label; then many more
print(f"{colors_before} colors went in, {colors_after} came out")

# %% tags=["raises-exception"]
palette = {color: k for k, color in enumerate(STREETS.colors)} | {INK: IGNORE}
from_colors(damaged, palette)

# %%
corner = (slice(0, 48), slice(60, 132))
left, right = panels(2, titles=["PNG: exactly the colors that we wrote", "JPEG: new colors around every edge"])
show_image(colored[corner].permute(2, 0, 1) / 255, left)
show_image(damaged[corner].permute(2, 0, 1) / 255, right)
describe(left, "flat areas with sharp edges.")
describe(right, "the same areas; along their edges, specks of other colors.")
plt.show()

# %% [markdown]
# JPEG keeps what the eye needs, and a mask is not for the eye. Store masks as PNG. `save_mask` writes labels, with colors only for the viewer; `read_mask` gives the labels back, exactly.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = save_mask(Path(folder) / "mask.png", mask, STREETS)
    assert torch.equal(read_mask(path, classes=K), mask)
    print(f"{path.stat().st_size} bytes, and every label is back")

# %% [markdown]
# **Exercise 01.from_palette** (core, 7 minutes; objective: decode colors without a default class). *The careless reader above has one wrong line. Write the careful one, for any palette: a color that it does not name becomes 255.*

# %% tags=["exercise", "01.from_palette"]
def from_palette(picture, palette):
    """Return the mask (H, W) int64 of a picture (H, W, 3) uint8; palette[(red, green, blue)] is a label."""
    ### BEGIN SOLUTION
    mask = torch.full(picture.shape[:2], 255)
    for color, label in palette.items():
        mask[(picture == torch.tensor(color)).all(dim=-1)] = label
    return mask
    ### END SOLUTION

# %% tags=["check", "01.from_palette"]
check("01.from_palette", from_palette)

# %% [markdown]
# ## 4 · Overlays: believe it when you see it
#
# An **overlay** mixes the image with the colors of the mask, pixel by pixel: `(1 - a) * image + a * color`, here with a = 0.5. We draw an outline as well, so that color never speaks alone.
#
# **Predict.** *By mistake, only the mask was flipped from left to right, as in a careless **augmentation** (changing training pictures at random, for example by flipping them). In which of the three pictures below do you see it at once: 1, 2 or 3?*

# %%
guess("01.flipped", ...)

# %%
flipped = mask.flip(-1)
first, second, third = panels(3, titles=["1: the image", "2: the mask", "3: the overlay"])
show_image(image, first)
show_mask(flipped, STREETS, second, legend=False)
show_overlay(image, flipped, STREETS, third)
describe(first, "a street; two people on the right, a sign on the left.")
describe(second, "a street in flat colors, and nothing that looks impossible; people on the left, a pole on the right.")
describe(third, "the outlines do not fit: trees are drawn over the facades, and a pole over the people.")
plt.show()
gap("01.flipped", 3)

# %% [markdown]
# Each picture alone is plausible. Only together they contradict each other: outlines run through the middle of things. **Before every training, look at a few overlays that come out of your data loader**, after all augmentations.
#
# ## 5 · One street, five answers
#
# - **Classification**: which classes are there? One list for the whole picture.
# - **Detection**: where is each object? One box per object.
# - **Semantic segmentation**: which class is each pixel? One mask; objects of one class melt together.
# - **Instance segmentation**: which pixels belong to each object? One number per *thing* (car, person), nothing for *stuff* (sky, road).
# - **Panoptic segmentation**: both. Each pixel has a class, and each thing its number.
#
# **Predict.** *How many cars do you count in the next picture? And how many will a program find that takes connected car pixels as one car?* Guess the program's number.

# %% tags=["data"]
CARS = Path("../data/samples/cars")
street, truth = read_image(CARS / "images" / "000.png"), read_mask(CARS / "labels" / "000.png", classes=K)
describe(show_image(street, title="How many cars?"), "a street with several cars.")
plt.show()

# %%
guess("01.cars", ...)

# %% tags=["data"]
CAR = STREETS.index("car")
patches, count = connected_pixels((truth == CAR).numpy())
patches = torch.from_numpy(patches).long()
assert count == 2
gap("01.cars", count)

# %% [markdown]
# On the left stand three cars, one behind the other. Their pixels touch, so the semantic mask has forgotten that they are three. A program can only *guess* from the shape where one ends (chapter 02 does, with round nuclei). To be sure, somebody has to draw them apart. For this picture somebody did: the file below numbers the cars from 1 to 4, and the other answers follow from it.

# %% tags=["data", "nbval-check-output"]
instances = read_mask(CARS / "instances" / "000.png")    # (96, 144): 0 = no car, 1..4
assert torch.equal(instances > 0, truth == CAR)          # both files agree on what is a car
instances.unique().tolist()

# %%
tags = [STREETS.names[k] for k in truth.unique()]                     # classification
boxes = masks_to_boxes(torch.stack([instances == n for n in range(1, 5)]))
boxes[:, 2:] += 1                                                     # torchvision stops at the last pixel's near edge
panoptic = truth * 1000 + instances                                   # 5002 is car number 2; 2000 is road
assert torch.equal(panoptic // 1000, truth) and torch.equal(panoptic % 1000, instances)
print("tags:", ", ".join(tags))
print("box of car 2:", boxes[1].int().tolist())

# %%
axes = panels(3, 2, titles=[
    f"Classification: {len(tags)} tags, no places", "Detection: 4 boxes", "Semantic: one label per pixel",
    "Connected pixels: one patch, three cars", "Instance: 4 numbers", "Panoptic: labels and numbers",
])
class_colors = colorize(truth, STREETS).permute(2, 0, 1) / 255
show_image(street, axes[0])
show_image(street, axes[1])
for x1, y1, x2, y2 in boxes.tolist():
    axes[1].add_patch(plt.Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, color="white", lw=2))
show_overlay(street, truth, STREETS, axes[2], legend=False)
show_instances(street, patches, axes[3])
show_instances(street, instances, axes[4])
show_instances((street + class_colors) / 2, instances, axes[5])
for ax in axes:
    ax.set(xlim=(39.5, 109.5), ylim=(69.5, 34.5))    # look closer
plt.show()

# %% [markdown]
# **Exercise 01.which_task** (warm-up, 1 minute). *Which answer does this job need? Run the check to read the question.*

# %% tags=["exercise", "01.which_task"]
### BEGIN SOLUTION
which_task = "d"
### END SOLUTION

# %% tags=["check", "01.which_task"]
check("01.which_task", which_task)

# %% [markdown]
# **Exercise 01.boxes** (stretch, 8 minutes; objective: derive detection from instances). *One row x1, y1, x2, y2 per number, in increasing order; 0 is no object. The far edges lie behind the last pixel, so that x2 - x1 is the width.*

# %% tags=["exercise", "01.boxes"]
def boxes_of(instances):
    """Return the boxes (n, 4) int64 of the n numbers other than 0 in a map (H, W)."""
    ### BEGIN SOLUTION
    found = []
    for number in instances.unique():
        if number != 0:
            y, x = torch.where(instances == number)
            found.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 4)
    ### END SOLUTION

# %% tags=["check", "01.boxes"]
check("01.boxes", boxes_of)

# %% [markdown]
# ## 6 · Experiment: what does resizing do to labels?
#
# We shrink masks, enlarge them again, and count the labels that have changed.
#
# **Hypothesis 1.** Blending (bilinear, then rounding) is worse than picking one of the old labels. **Hypothesis 2.** Thin poles suffer most. **Hypothesis 3.** PyTorch's two ways of picking, `nearest` and `nearest-exact`, do not differ.

# %%
SEEDS, SCENES, SIZES = (0, 1, 2), 20, {"half": (32, 48), "five eighths": (40, 60)}
MODES, CLASSES = ("bilinear", "nearest", "nearest-exact"), ("road", "car", "pole")
worlds = [torch.stack([m for _, m in DrawnStreets(SCENES, seed=seed)]) for seed in SEEDS]  # (20, 64, 96) each


def there_and_back(masks, size, mode):
    """Return masks (N, H, W) after a trip to another size and back."""
    small = F.interpolate(masks[:, None].double(), size, mode=mode).round()
    return F.interpolate(small, masks.shape[1:], mode=mode).round().long()[:, 0]

# %%
print("share of wrong labels in %, mean and spread over 3 seeds\n")
print(f"{'size':14}{'mode':14}" + "".join(f"{name:>12}" for name in ("all", *CLASSES)))
table = {}
for size in SIZES:
    for mode in MODES:
        rows = []
        for masks in worlds:
            wrong = there_and_back(masks, SIZES[size], mode) != masks
            per_class = [wrong[masks == STREETS.index(name)].double().mean() for name in CLASSES]
            rows.append(torch.stack([wrong.double().mean(), *per_class]))
        table[size, mode] = mean, spread = torch.stack(rows).mean(0), torch.stack(rows).std(0)
        cells = [f"{100 * m:.1f} ± {100 * s:.1f}" for m, s in zip(mean, spread, strict=True)]
        print(f"{size:14}{mode:14}" + "".join(f"{cell:>12}" for cell in cells))

# %%
for ax, mode in zip(panels(3, titles=[f"{mode}, by half and back" for mode in MODES]), MODES, strict=True):
    show_errors(there_and_back(worlds[0][:1], SIZES["half"], mode)[0], worlds[0][0], ax)
plt.show()

# %%
every = {key: float(mean[0]) for key, (mean, _) in table.items()}
assert all(every[size, "bilinear"] > every[size, "nearest-exact"] * 2 for size in SIZES)        # hypothesis 1: yes
assert all(mean[3] > mean[1] * 4 for mean, _ in table.values())                                 # hypothesis 2: yes
assert abs(every["half", "nearest"] / every["half", "nearest-exact"] - 1) < 0.05                # hypothesis 3: in total,
assert table["half", "nearest"][0][1] > table["half", "nearest-exact"][0][1] * 2                # but not for road,
assert every["five eighths", "nearest"] > every["five eighths", "nearest-exact"] * 1.5          # nor at another size

places = torch.arange(96.0)[None, None]    # which of 96 pixels survive?
kept = {(n, mode): F.interpolate(places, n, mode=mode).flatten() for n in (48, 60) for mode in MODES[1:]}
for n in (48, 60):
    cells = torch.arange(n) * 96 / n       # where each cell begins; half a cell further is its center
    assert torch.equal(kept[n, "nearest"], cells.floor())
    assert torch.equal(kept[n, "nearest-exact"], (cells + 48 / n).floor())

# %% [markdown]
# **Verdict.** Blending makes at least twice as many errors as `nearest-exact`: it invents classes along every edge. Poles lose far more than roads, whatever we do: information about thin things is gone.
# At exactly half size the two ways of picking make about equally many errors *in total* (for one class they differ: look at road): each cell has four pixels and none in the middle, so one takes the first and the other the last. At five eighths `nearest` still takes the first pixel, `nearest-exact` the one nearest to the center, and the difference is large. A test at half size alone would have missed that. The course always picks `nearest-exact`.
#
# **Exercise 01.break_blending** (break it, 4 minutes; objective: build an input that exposes a mistake). *The function below enlarges masks by blending. Its author tested it with `[[0, 1], [1, 0]]`, and saw no invented label. Give a mask of at most 8 pixels that makes it invent one.*

# %% tags=["data", "nbval-check-output"]
def enlarged(mask):
    size = [2 * side for side in mask.shape]
    return F.interpolate(mask[None, None].double(), size, mode="bilinear").round().long()[0, 0]


enlarged(torch.tensor([[0, 1], [1, 0]])).unique()

# %% tags=["exercise", "01.break_blending"]
### BEGIN SOLUTION
breaks_it = torch.tensor([[0, 4]])
### END SOLUTION

# %% tags=["check", "01.break_blending"]
check("01.break_blending", breaks_it)

# %% [markdown]
# ## 7 · Your own picture
#
# **Exercise 01.own_image** (transfer, 10 minutes). *Make a pair from a picture of your own: an image, and a mask with two labels or more, and 255 where you are not sure. A threshold on the brightness, or a few rectangles, are enough. Fill `own_mask`, then write `own = own_picture, own_mask`.* Without a picture at hand, take the night street below. To look at the pair, before you check it: `show_overlay(own_picture, own_mask, NUCLEI)`, with `from seglearn.labels import NUCLEI`, which names two labels.

# %% tags=["data"]
own_picture = read_image(SAMPLES / "images" / "001.png")     # put the path of your own picture here

# %% tags=["exercise", "01.own_image"]
### BEGIN SOLUTION
own_mask = (own_picture.mean(dim=0) > 0.5).long()
own_mask[40:50] = IGNORE
own = own_picture, own_mask
### END SOLUTION

# %% tags=["check", "01.own_image"]
check("01.own_image", own)

# %% [markdown]
# ## What stays
#
# 1. A shape folds a line of numbers; `permute` moves an axis, `reshape` only folds the line in other places.
# 2. An image is `float32` in [0, 1]; bytes overflow in silence.
# 3. A mask holds names, not quantities: never blend, never add, never save as JPEG.
# 4. Void, 255, is no class: all zeros in one-hot, and outside of every share.
# 5. Look at overlays: the eye finds in a second what no error message tells.
#
# **You can now** compute addresses in memory (01.flat_place, 01.probe), implement the ways to float images and to one-hot planes (01.to_float, 01.one_hot), decode masks and compute shares (01.from_palette, 01.class_share), choose among five tasks (01.which_task), and diagnose silent damage (01.break_blending).
#
# | If you see ... | suspect ... |
# |---|---|
# | a grid of colored dots and stripes, ghosts of the picture | `reshape` or `view` where `permute` belongs |
# | bright areas with dark, wrong colors | `uint8` that overflowed |
# | a picture almost white, or a loss of several thousands | 0..255 where [0, 1] was expected |
# | much too much of class 0 | a mask that began with zeros |
# | labels that nobody drew, along edges | JPEG, or blending while resizing |
# | a score that stays low, whatever you try | image and mask do not belong together: draw overlays |
#
# **Glossary.** pixel 像素 · channel 通道 · mask 掩码 · label 标签 · class 类别 · one-hot encoding 独热编码 · palette 调色板 · void (ignored) 忽略区域 · overlay 叠加图 · classification 图像分类 · object detection 目标检测 · semantic segmentation 语义分割 · instance segmentation 实例分割 · panoptic segmentation 全景分割
#
# **Read next.** Kirillov, He, Girshick, Rother, Dollár: *Panoptic Segmentation*, CVPR 2019, sections 1 and 3: how things and stuff became one task.

# %%
progress()
