# %% [markdown]
# # 06 · Encoder and decoder: the way back to full size
#
# **Question of this chapter:** deep maps know *what* is in a picture, but hardly *where*. How does a network get the places back?
#
# After it you can
# - **derive** where resized pixels read, and **implement** transposed convolution,
# - **diagnose** a checkerboard, and **refute** the common rule about it,
# - **explain** what a bottleneck forgets, and what FCN, SegNet and U-Net do about it,
# - **implement** a U-Net for pictures of any size,
# - **compare** designs by score, size, operations, time and memory, over seeds.
#
# *Time: 60 minutes, and 25 more with the stretch and your own mask. You need: chapters 00, 01, 03, 04 and 05. Running everything takes about a minute; no GPU, no network.*

# %% tags=["setup"]
import json
from pathlib import Path
from statistics import mean, stdev

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from seglearn.data import DrawnStreets, in_memory, read_image, read_mask, stack
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import STREETS
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import confusion_matrix, iou, label_map, mean_iou
from seglearn.models import UNet
from seglearn.plots import panels, show_image, show_overlay, show_seeds, show_sweep, show_values
from seglearn.plots import show_crossings, show_painting
from seglearn.training import LivePicture, fit, predict, seed_everything, warmup_cosine
from seglearn.upsampling import conv_transpose2d, convolution_matrix
from seglearn.upsampling import pixel_shuffle, upsample_bilinear, upsample_nearest
from seglearn.widgets import Goal, LadderExplorer, SkipExplorer, TransposeExplorer

seed_everything(6)
K, POLE, SEEDS = len(STREETS), STREETS.index("pole"), (0, 1, 2)
print("CPU is enough here. The streets are drawn, so they need no download.")

# %% [markdown]
# ## Recall
#
# Three questions from chapters 05, 03 and 00. Run a check to read its question; answer with a letter.

# %% tags=["exercise", "06.recall_grid"]
### BEGIN SOLUTION
recall_grid = "a"
### END SOLUTION

# %% tags=["check", "06.recall_grid"]
check("06.recall_grid", recall_grid)

# %% tags=["exercise", "06.recall_step"]
### BEGIN SOLUTION
recall_step = "b"
### END SOLUTION

# %% tags=["check", "06.recall_step"]
check("06.recall_step", recall_step)

# %% tags=["exercise", "06.recall_iou"]
### BEGIN SOLUTION
recall_iou = "c"
### END SOLUTION

# %% tags=["check", "06.recall_iou"]
check("06.recall_iou", recall_iou)

# %% [markdown]
# ## What went wrong here?
#
# The classifier of chapter 05 became a segmenter, but a coarse one. Suppose that its scores are *perfect*: each one says which share of its square belongs to each class. We enlarge them and take the best class. *Who is missing, and why can no training help?*

# %% tags=["data"]
STREET = "../data/samples/streets/{}/003.png"
street, street_mask = read_image(STREET.format("images")), read_mask(STREET.format("labels"), classes=K)


def coarse_and_back(mask, stride):
    """Return a mask (H, W) after perfect scores were made coarse, and enlarged again."""
    planes = (mask == torch.arange(K)[:, None, None]).float()[None]                        # (1, K, H, W)
    small = F.interpolate(planes, [-(-side // stride) for side in mask.shape], mode="area")
    return F.interpolate(small, mask.shape, mode="bilinear", align_corners=False)[0].argmax(dim=0)

# %%
axes = panels(4, width=2.7, height=2.5)
for ax, stride in zip(axes, (1, 8, 16, 32), strict=True):
    pred = coarse_and_back(street_mask, stride)
    found = iou(confusion_matrix(pred[None], street_mask[None], K))
    title = "The truth" if stride == 1 else f"Stride {stride}: IoU of poles {found[POLE]:.2f}"
    show_overlay(street, pred, STREETS, ax, title=title, legend=False)
plt.show()
assert found[POLE] == 0 and found[STREETS.index("road")] > 0.7

# %% [markdown]
# What fills too little of its square is outvoted, however well it was seen. A segmenter needs a second half that brings places back: behind the **encoder**, which shrinks, a **decoder**, which grows.
#
# ## 1 · Larger again: copy or blend
#
# The simplest decoders learn nothing. **Nearest** copies the old pixel below each new one. **Bilinear** blends neighbors, and there are two conventions. *Squares* (`align_corners=False`): pixels are squares, and the pictures' edges lie on each other. *Points* (`align_corners=True`): the corner pixels' centers do.
#
# **Predict.** *A row 0, 6 becomes four pixels. Squares: what is the second one? (The first is 0.)*

# %%
guess("06.second", ...)

# %%
pair = torch.tensor([[[[0.0, 6.0]]]])                                     # (1, 1, 1, 2)
squares, points = (upsample_bilinear(pair, (1, 4), align_corners=corners) for corners in (False, True))
print("nearest:", upsample_nearest(pair, (1, 4)).flatten().tolist())
print("squares:", squares.flatten().tolist())
print("points: ", [round(value, 3) for value in points.flatten().tolist()])
for corners, ours in ((False, squares), (True, points)):
    assert torch.allclose(ours, F.interpolate(pair, (1, 4), mode="bilinear", align_corners=corners))
gap("06.second", squares[0, 0, 0, 1])

# %% [markdown]
# **Exercise 06.places** (core, 6 minutes; objective: derive where a new pixel reads). *Place 0 is the center of the first old pixel. For the row above, squares read at 0, 0.25, 0.75, 1.*

# %% tags=["exercise", "06.places"]
def places(new, old, align_corners):
    """Return where each of `new` pixels reads in a row of `old` pixels: (new,) float32, from 0 to old - 1."""
    ### BEGIN SOLUTION
    i = torch.arange(new)
    if align_corners:
        return i * ((old - 1) / max(new - 1, 1))
    return ((i + 0.5) * old / new - 0.5).clamp(0, old - 1)
    ### END SOLUTION

# %% tags=["check", "06.places"]
check("06.places", places)

# %% [markdown]
# ## 2 · Transposed convolution: painting
#
# A decoder that *learns* to grow: **transposed convolution**. Convolution reads a window and writes one number. This reads one number and writes a window: every value **paints** its kernel, `stride` pixels after the one before, and overlapping paint adds up.
#
# **Predict.** *Three values paint a kernel of 3 with stride 2. How long is the result?*

# %%
guess("06.length", ...)

# %% tags=["data"]
values, kernel, STRIDE = torch.tensor([1.0, 3, 2]), torch.tensor([1.0, 2, 3]), 2

# %%
line = torch.zeros((len(values) - 1) * STRIDE + len(kernel))
for i in range(len(values)):
    for tap in range(len(kernel)):
        line[i * STRIDE + tap] += values[i] * kernel[tap]

x, weight = values.reshape(1, 1, 1, 3), kernel.reshape(1, 1, 1, 3)       # weight: (C, O, kh, kw)
assert torch.equal(line, conv_transpose2d(x, weight, stride=(1, STRIDE)).flatten())
assert torch.equal(line, F.conv_transpose2d(x, weight, stride=(1, STRIDE)).flatten())
show_painting(values, kernel, stride=STRIDE, title="Where two kernels meet, paint adds up")
plt.show()
gap("06.length", len(line))

# %% [markdown]
# In general (count - 1) · stride + kernel size. **Exercise 06.paint_row** (warm-up, 4 minutes): **step 2, half done.**

# %% tags=["exercise", "06.paint_row"]
def paint_row(values, kernel, stride):
    """Return the row in which every value of (n,) has painted the kernel (k,)."""
    line = torch.zeros((len(values) - 1) * stride + len(kernel), dtype=values.dtype, device=values.device)
    for i, value in enumerate(values):
        ### BEGIN SOLUTION
        line[i * stride : i * stride + len(kernel)] += value * kernel
        ### END SOLUTION
    return line

# %% tags=["check", "06.paint_row"]
check("06.paint_row", paint_row)

# %% [markdown]
# **Why "transposed"?** A convolution is a matrix M: each row holds the kernel at one position. Painting is its transpose: each *column* of Mᵀ holds the kernel. So they are **adjoint**: for all images a and maps y,
#
# $$\langle M a,\; y\rangle = \langle a,\; M^{\mathsf T} y\rangle$$
#
# Transposed is not inverse: the size comes back, the values do not. It is what carries gradients back through every convolution.

# %%
matrix = convolution_matrix(weight, (1, 7), stride=(1, STRIDE))           # (3, 7)
assert torch.equal(matrix.T @ values, line)
for seed in SEEDS:
    chance = torch.Generator().manual_seed(seed)
    kernels = torch.rand(4, 2, 3, 3, generator=chance, dtype=torch.double)     # 2 channels -> 4; backward 4 -> 2
    a, y = (torch.rand(1, c, *size, generator=chance, dtype=torch.double) for c, size in ((2, (9, 7)), (4, (4, 3))))
    reading = (F.conv2d(a, kernels, stride=2) * y).sum()
    painting = (a * conv_transpose2d(y, kernels, stride=2)).sum()
    assert torch.isclose(reading, painting, rtol=1e-12)
    assert not torch.allclose(conv_transpose2d(F.conv2d(a, kernels, stride=2), kernels, stride=2), a)
left, right = panels(2, titles=["M reads: 7 pixels become 3", "Its transpose paints: 3 become 7"], height=3.0)
show_values(matrix, left)
show_values(matrix.T, right)
plt.show()

# %% [markdown]
# **Exercise 06.paint** (core, 10 minutes): **step 3, all yours.** *On maps, with channels. Padding cuts a rim off all four sides, because the convolution had added one.*

# %% tags=["exercise", "06.paint"]
def paint(x, weight, stride, padding):
    """Return the transposed convolution of x (N, C, h, w) with weight (C, O, kh, kw): (N, O, H, W)."""
    ### BEGIN SOLUTION
    (n, _, h, w), (_, o, kh, kw) = x.shape, weight.shape
    canvas = x.new_zeros(n, o, (h - 1) * stride + kh, (w - 1) * stride + kw)
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("nc,couv->nouv", x[:, :, i, j], weight)
            canvas[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += stamp
    return canvas[:, :, padding : canvas.shape[2] - padding, padding : canvas.shape[3] - padding]
    ### END SOLUTION

# %% tags=["check", "06.paint"]
check("06.paint", paint)

# %% [markdown]
# ## 3 · The checkerboard
#
# How many kernels paint each pixel? **Exercise 06.counts** (core, 5 minutes; objective: compute the overlap).

# %% tags=["exercise", "06.counts"]
def overlap_counts(height, width, kernel_size, stride):
    """Return for each pixel how many kernels of a (height, width) map paint it: (H, W) int64."""
    ### BEGIN SOLUTION
    side_h, side_w = ((side - 1) * stride + kernel_size for side in (height, width))
    counts = torch.zeros(side_h, side_w, dtype=torch.int64)
    for i in range(0, height * stride, stride):
        for j in range(0, width * stride, stride):
            counts[i : i + kernel_size, j : j + kernel_size] += 1
    return counts
    ### END SOLUTION

# %% tags=["check", "06.counts"]
check("06.counts", overlap_counts)

# %% [markdown]
# Uneven counts make a checkerboard, so a common rule says: *take a kernel that is a multiple of the stride.* Then all inner pixels are painted equally often.
#
# We test it: a map of ones goes through a layer with **random** weights. Every output pixel should be equal. We measure the **unevenness**: the spread between the four kinds of pixels (even or odd row, even or odd column), relative to their size.
#
# **Predict.** *4 x 4 kernels obey the rule at stride 2. By which factor do they lower the unevenness of 3 x 3 kernels: 1 (not at all), 2, 10?*

# %%
guess("06.rule", ...)

# %%
def unevenness(y, stride=2, rim=4):
    """Return the spread between the stride² phases of y, over their root mean square; the border is left out."""
    y = y[..., rim:-rim, rim:-rim]
    phases = torch.stack([y[..., i::stride, j::stride].mean(dim=(2, 3)) for i in range(stride) for j in range(stride)])
    return float((phases.var(dim=0, correction=0).mean() / phases.square().mean()).sqrt())


LAYERS = {
    "transposed 3 x 3": lambda: nn.ConvTranspose2d(8, 8, 3, stride=2),
    "transposed 4 x 4": lambda: nn.ConvTranspose2d(8, 8, 4, stride=2),
    "conv, pixel shuffle": lambda: nn.Sequential(nn.Conv2d(8, 32, 3, padding=1), nn.PixelShuffle(2)),
    "nearest, then conv": lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 8, 3, padding=1)),
    "bilinear, then conv": lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"),
                                                 nn.Conv2d(8, 8, 3, padding=1)),
}
uneven, shown = {name: [] for name in LAYERS}, {}
for seed in range(10):
    for name, layer in LAYERS.items():
        seed_everything(seed)
        with torch.no_grad():
            shown[name] = layer()(torch.ones(1, 8, 12, 12))
        uneven[name].append(unevenness(shown[name]))

# %%
print("unevenness on a map of ones, mean and spread over 10 seeds")
for name, found in uneven.items():
    print(f"{name:20} {mean(found):.3f} ± {stdev(found):.3f}")
ratio = mean(uneven["transposed 3 x 3"]) / mean(uneven["transposed 4 x 4"])
assert 0.8 < ratio < 1.25 and abs(mean(uneven["transposed 4 x 4"]) - 3**0.5 / 2) < 0.08
assert min(uneven["transposed 4 x 4"] + uneven["conv, pixel shuffle"]) > 0.5
assert max(uneven["nearest, then conv"] + uneven["bilinear, then conv"]) < 1e-5

ones = {size: conv_transpose2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, size, size), stride=2)[0, 0] for size in (3, 4)}
assert set(ones[3].int().unique().tolist()) == {1, 2, 4} and bool((ones[4][2:-2, 2:-2] == 4).all())
axes = panels(4, width=2.6, height=2.8, titles=["3 x 3: counts 1, 2 and 4", "4 x 4: counts 4 inside",
              "4 x 4 random: checkerboard", "Nearest, then conv: flat"])
for ax, size in zip(axes[:2], ones, strict=True):
    show_values(ones[size], ax, limit=4)
for ax, name in zip(axes[2:], ("transposed 4 x 4", "nearest, then conv"), strict=True):
    show_values(shown[name][0, 0, 8:16, 8:16], ax, signed=True, limit=1, digits=1)
plt.show()
gap("06.rule", round(ratio, 1))

# %% [markdown]
# **Verdict.** The rule does not help: the factor is about 1, and the unevenness is what four independent numbers would have, √3/2 = 0.87. Even counts say how *many* weights meet at a pixel, not what they *add up to*. The four groups `kernel[i::2, j::2]` never meet each other, and each has its own sum. What matters is **equal sums**. *Resize, then convolve* has them built in: every pixel sees the whole kernel, so the unevenness is 0 for any weights. (Training may learn equal sums; nothing forces it to.)
#
# **Exercise 06.break_even** (break it, 5 minutes; objective: refute the rule). *Give a 4 x 4 kernel of positive weights whose group sums differ by 20 % or more: at stride 2 it paints a checkerboard, although its counts are even.*

# %% tags=["exercise", "06.break_even"]
### BEGIN SOLUTION
uneven_kernel = torch.ones(4, 4)
uneven_kernel[::2, ::2] = 2
### END SOLUTION

# %% tags=["check", "06.break_even"]
check("06.break_even", uneven_kernel)

# %% [markdown]
# **Exercise 06.flat** (core, 5 minutes; objective: paint evenly with uneven counts). *The same along a line. Solve the three goals in turn; the check judges the last. Sliders, or click a number and type.*

# %% tags=["data"]
painter = TransposeExplorer()

# %% tags=["exercise", "06.flat"]
### BEGIN SOLUTION
painter.weights = [1, 2, 1, 1, 1]
### END SOLUTION
painter

# %% tags=["check", "06.flat"]
check("06.flat", painter)

# %% [markdown]
# **Exercise 06.even_out** (stretch, 10 minutes; objective: derive the cure). *Change a kernel as little as possible (smallest squared change, same total), so that all its groups have equal sums. It works for 3 x 3, too.*

# %% tags=["exercise", "06.even_out"]
def even_out(kernel, stride):
    """Return the kernel (k, k), changed so that the stride² groups kernel[i::stride, j::stride] have equal sums."""
    ### BEGIN SOLUTION
    result, target = kernel.clone(), kernel.sum() / stride**2
    for i in range(stride):
        for j in range(stride):
            group = kernel[i::stride, j::stride]
            result[i::stride, j::stride] += (target - group.sum()) / group.numel()
    return result
    ### END SOLUTION

# %% tags=["check", "06.even_out"]
check("06.even_out", even_out)

# %% [markdown]
# ## 4 · What a bottleneck forgets
#
# Now we need a trained encoder. Watch a U-Net learn: the recipe of the table in section 7, with 6 epochs instead of 14.

# %%
SIZE, WIDTHS, EPOCHS = (64, 96), (16, 32, 64, 128), 6
train_set = in_memory(DrawnStreets(240, seed=0, size=SIZE), fill=True)
test_set = in_memory(DrawnStreets(100, seed=2, size=SIZE), fill=True)
images, masks = stack(test_set)

generator = seed_everything(0)
model = UNet(channels=3, classes=K, widths=WIDTHS, convs=1)
batches = DataLoader(train_set, batch_size=8, shuffle=True, generator=generator)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
schedule = warmup_cosine(optimizer, steps=EPOCHS * len(batches))
live = LivePicture(panels(3, live=True), images[[4, 12, 20]], lambda ax, i, p: show_overlay(i, p, STREETS, ax, legend=False))
history = fit(model, batches, loss=cross_entropy_loss, epochs=EPOCHS, optimizer=optimizer, scheduler=schedule,
              device="cpu", callbacks=[live])
confusion = confusion_matrix(predict(model, images), masks, K)
print(f"mean IoU {mean_iou(confusion):.2f}, IoU of poles {iou(confusion)[POLE]:.2f}")
assert mean_iou(confusion) > 0.4

# %% [markdown]
# Its encoder has four levels: 1, 1/2, 1/4 and 1/8 of the size. What does each still know? We ask with the simplest decoder: the best *linear* map from 3 x 3 features to a block of pixels, found by least squares. It reads back the picture and the classes. Of the picture we judge the **details**: what is left after the mean of each 4 x 4 block is taken away.
#
# **Predict.** *From level 1 to level 4: do the details get better or worse? And the classes? Write two words.*

# %%
guess("06.depth", ...)

# %%
def levels(model, images):
    """Return the features of each level of a U-Net's encoder, fine to coarse."""
    x, found = images, []
    with torch.no_grad():
        for block in model.down:
            x = block(x)
            found.append(x)
            x = F.max_pool2d(x, 2)
        return [*found, model.bottom(x)]


def details(images):
    return images - F.interpolate(F.avg_pool2d(images, 4), scale_factor=4)

# %%
RIM = (1, 1, 1, 1)


def linear_decoder(features, target, step):
    """Return kernels and bias of the best 3 x 3 convolution from features to blocks of the target."""
    block = target.shape[3] // features.shape[3]
    seen = F.unfold(F.pad(features, RIM, mode="replicate"), 3, stride=step).mT.flatten(0, 1)      # (rows, C * 9)
    seen = torch.cat([seen, torch.ones(len(seen), 1)], dim=1)
    wanted = F.pixel_unshuffle(target, block)[..., ::step, ::step].flatten(2).mT.flatten(0, 1)
    gram = seen.T @ seen + 1e-3 * len(seen) * torch.eye(seen.shape[1])
    solved = torch.linalg.solve(gram, seen.T @ wanted)
    return solved[:-1].T.unflatten(1, (features.shape[1], 3, 3)), solved[-1]


def decoded(features, kernels, bias):
    y = F.conv2d(F.pad(features, RIM, mode="replicate"), kernels, bias)
    return pixel_shuffle(y, round((y.shape[1] / (3 + K)) ** 0.5))                       # (N, 3 + K, H, W)

# %%
known, known_masks = (part[:120] for part in stack(train_set))
target = torch.cat([known, F.one_hot(known_masks, K).movedim(-1, 1).float()], dim=1)      # picture and classes
asked, answers = images[:40], masks[:40]
encoders = {"random": [], "trained": [model]}
for seed in SEEDS:
    seed_everything(seed)
    encoders["random"].append(UNet(channels=3, classes=K, widths=WIDTHS, convs=1))

details_known, classes_known = {}, {}
for kind, models in encoders.items():
    found, scores = [], []
    for encoder in models:
        learned, new = levels(encoder, known), levels(encoder, asked)
        back = [decoded(new[n], *linear_decoder(learned[n], target, 2 ** (3 - n))) for n in range(4)]
        error = torch.stack([(details(y[:, :3]) - details(asked)).square().mean() for y in back])
        found.append(1 - error / details(asked).square().mean())
        scores.append(torch.stack([mean_iou(confusion_matrix(label_map(y[:, 3:]), answers, K)) for y in back]))
    details_known[kind], classes_known[kind] = torch.stack(found), torch.stack(scores)
    assert bool((details_known[kind].diff(dim=1) < -0.05).all()) and bool((classes_known[kind].diff(dim=1) > 0).all())
    assert details_known[kind][:, 0].min() > 0.6 and details_known[kind][:, 3].max() < 0.25
gap("06.depth", "worse, better")

# %%
titles = [f"The {what}, from level {n}" for what in ("picture", "classes") for n in (1, 2, 3, 4)]
axes = panels(4, 2, width=2.6, height=1.95, titles=titles)
for n in range(4):
    show_image(back[n][12, :3], axes[n])
    show_overlay(asked[12], back[n][12, 3:].argmax(dim=0), STREETS, axes[4 + n], legend=False)
plt.show()

# %%
curves = {}
for what, table in (("details", details_known), ("classes", classes_known)):
    for kind, values in table.items():
        spread = values.std(dim=0) if len(values) > 1 else torch.zeros(4)
        curves[f"{what}, {kind}"] = values.mean(dim=0).tolist(), spread.tolist()
show_sweep([1, 2, 3, 4], curves, title="Deeper: fewer details, more of the classes", xlabel="level of the encoder",
           ylabel="share of the details; mean IoU of the classes")
plt.show()

# %% [markdown]
# **Verdict.** With every level a linear decoder reads fewer details and more of the classes, in three random encoders and in the trained one. Depth trades *where* for *what*. (A cleverer decoder may read more.) So the fine levels must be heard, too.
#
# ## 5 · Three ways across
#
# - **FCN** (2015) scores the classes at several levels, and adds: 32s uses the deepest alone, 16s and 8s add finer scores.
# - **SegNet** (2015) sends only the *places* of the maxima across (chapter 04's unpooling).
# - **U-Net** (2015) lays all *features* of a level beside what comes from below: concatenation, then convolution.
#
# A fourth way shrinks less: **ASPP** stops at 1/4 or 1/8, and sees far by dilated convolutions side by side.

# %%
axes = panels(3, height=3.3, titles=["FCN-8 adds scores", "SegNet returns places", "U-Net hands over features"])
show_crossings(["", "", "8 scores", "8 scores"], axes[0], bottom="8 scores")
show_crossings(["places"] * 4, axes[1], dashes=":", bottom="features")
show_crossings([f"{width} features" for width in (16, 32, 64, 128)], axes[2], bottom="features")
plt.show()

# %% [markdown]
# **Exercise 06.there_and_back** (core, 6 minutes; objective: implement a level of SegNet). *Halve, keep the indices, let `work` do the depth, and bring its values back to the places. Same height and width as before, odd ones too.*

# %% tags=["exercise", "06.there_and_back"]
def there_and_back(x, work):
    """Return a map as large as x (N, C, H, W): what `work` made of the 2 x 2 maxima, at their places, else 0."""
    ### BEGIN SOLUTION
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(work(values), indices, 2, output_size=x.shape[-2:])
    ### END SOLUTION

# %% tags=["check", "06.there_and_back"]
check("06.there_and_back", there_and_back)

# %% [markdown]
# **Exercise 06.join** (core, 6 minutes; objective: implement a level of U-Net). *Double the deep map by repeating pixels, cut what is too much at the end, and lay it behind the skip's channels.*

# %% tags=["exercise", "06.join"]
def join(skip, deep):
    """Return (N, C + D, H, W) from skip (N, C, H, W) and deep (N, D, ceil(H / 2), ceil(W / 2))."""
    ### BEGIN SOLUTION
    up = F.interpolate(deep, scale_factor=2, mode="nearest")
    return torch.cat([skip, up[:, :, : skip.shape[2], : skip.shape[3]]], dim=1)
    ### END SOLUTION

# %% tags=["check", "06.join"]
check("06.join", join)

# %% [markdown]
# **Exercise 06.alive** (core, 4 minutes; objective: predict sizes through depth). *Odd sides are where most U-Nets break. Reach the goal with the buttons below.*

# %% tags=["data"]
ALIVE = Goal(
    "Take 70 x 50 down 4 levels, and out again at 70 x 50. Every skip must fit as it comes.",
    (("levels", ">=", 4), ("out_height", "==", 70), ("out_width", "==", 50), ("mended", "==", 0)),
    at=(("height", 70), ("width", 50)),
)
ladder = LadderExplorer(goal=ALIVE)

# %% tags=["exercise", "06.alive"]
### BEGIN SOLUTION
ladder.rounding = 2
### END SOLUTION
ladder

# %% tags=["check", "06.alive"]
check("06.alive", ladder)

# %% [markdown]
# **Exercise 06.unet** (stretch, 12 minutes; objective: build the whole). *The blocks are given, `down` from fine to coarse, `up` from coarse to fine. Halve with max pooling, rounded up; join as above. Any H and W.*

# %% tags=["exercise", "06.unet"]
def my_unet(images, down, bottom, up, head):
    """Return the scores (N, K, H, W) of images (N, C, H, W)."""
    ### BEGIN SOLUTION
    x, skips = images, []
    for block in down:
        x = block(x)
        skips.append(x)
        x = F.max_pool2d(x, 2, ceil_mode=True)
    x = bottom(x)
    for block in up:
        skip = skips.pop()
        x = F.interpolate(x, scale_factor=2)[:, :, : skip.shape[2], : skip.shape[3]]
        x = block(torch.cat([skip, x], dim=1))
    return head(x)
    ### END SOLUTION

# %% tags=["check", "06.unet"]
check("06.unet", my_unet)

# %% [markdown]
# ## 6 · Experiment: skips on and off
#
# Two U-Nets, one without skips, are trained alike, over three seeds. We judge poles by IoU, recall, and **boundary IoU**: the IoU of the two *outlines*, each one pixel or a few wide, so that only edges count. (Chapter 08 has more.)
#
# **Hypothesis 1.** Skips raise all three scores of poles by more than the seeds differ. **Hypothesis 2.** Without skips, poles are lost.
#
# **Predict.** *With skips, the IoU of poles is 0.44. What is it without?*

# %%
guess("06.without", ...)

# %%
table = json.loads(Path("../benchmarks/results/designs.json").read_text(encoding="utf-8"))
print(f"{table['command']}: {table['date']}, {table['machine']}, torch {table['torch']}\n")


def runs(design, key, world="drawn-streets"):
    """Return one score of a design, one number for each seed."""
    return [r[key] for r in table["runs"] if (r["world"], r["design"]) == (world, design) and r["seed"] in SEEDS]


def told(values):
    return f"{mean(values):.2f} ± {stdev(values):.2f}"


def ahead(a, b, key):
    """Return by how many spreads the mean of a lies above that of b; from -2 to 2 is no difference."""
    return (mean(runs(a, key)) - mean(runs(b, key))) / max(stdev(runs(a, key)), stdev(runs(b, key)))


KEYS = {"pole_iou": "pole: IoU", "pole_recall": "recall", "pole_boundary_iou": "boundary IoU", "mean_iou": "mean IoU"}
print(f"{'':20}" + "".join(f"{name:>16}" for name in KEYS.values()))
for design in ("UNet", "UNet without skips"):
    print(f"{design:20}" + "".join(f"{told(runs(design, key)):>16}" for key in KEYS))
leads = {key: ahead("UNet", "UNet without skips", key) for key in KEYS}
print(f"{'lead, in spreads':20}" + "".join(f"{lead:>16.1f}" for lead in leads.values()))
assert len(runs("UNet", "seed")) == len(SEEDS) and 0.39 < mean(runs("UNet", "pole_iou")) < 0.49
assert min(leads[key] for key in ("pole_iou", "pole_boundary_iou", "mean_iou")) > 2 > leads["pole_recall"] > 0
assert leads["pole_boundary_iou"] > leads["pole_iou"] and mean(runs("UNet without skips", "pole_iou")) > 0.25
gap("06.without", round(mean(runs("UNet without skips", "pole_iou")), 2))

# %% [markdown]
# **Verdict.** Hypothesis 1 holds for IoU and boundary IoU, and most clearly for outlines. For recall there is **no difference** (below two spreads): the poles are found, but not sharply. So hypothesis 2 fails: the 128 features at the bottom can carry some position. *Skips sharpen more than they find.* (One doubt: skips also bring a quarter more weights, for the decoder reads more channels.)
#
# Now touch: your U-Net from section 4, with a switch for each skip, 1 the finest. A skip that is off delivers its mean. Switch off each one alone; watch poles and outlines.

# %%
CAN_GO = Goal("Switch off one skip, and lose at most 0.05 of the pole IoU over all pictures.",
              (("off", "==", 1), ("lost_all_focus_iou", "<=", 0.05)))
some = [n for n in range(40) if (masks[n] == POLE).sum() > 60][:6]
switches = SkipExplorer(model, images[some], masks[some], goal=CAN_GO)
switches

# %% [markdown]
# **Exercise 06.can_go** (core, 5 minutes; objective: diagnose what each skip carries). *Which skip can go, 1, 2 or 3?*

# %% tags=["exercise", "06.can_go"]
### BEGIN SOLUTION
can_go = 3
### END SOLUTION

# %% tags=["check", "06.can_go"]
check("06.can_go", can_go)

# %%
lost = {}
for skip in (1, 2, 3):
    alone = [int(number != skip) for number in (1, 2, 3)]                # all on but this one
    found = switches.compute({**switches.params, "skips": alone})
    lost[skip] = found["lost_all_focus_iou"]
    print(f"without skip {skip}: mean IoU {-found['lost_all_mean_iou']:+.3f}, IoU of poles {-lost[skip]:+.3f}")
assert min(lost, key=lost.get) == 3 and lost[3] < 0.05 < lost[2]

# %% [markdown]
# ## 7 · One table of designs
#
# The same recipe for all, drawn streets, about 0.2 million weights each. Time is that of one picture on one core, as a multiple of U-Net's; memory is what one training step holds beyond weights.

# %%
costs = {row["design"]: row for row in table["costs"] if row["world"] == "drawn-streets"}
order = sorted(costs, key=lambda design: mean(runs(design, "mean_iou")))
heads = {"weights": 8, "operations": 12, "time": 6, "memory": 8, "mean IoU": 14, "pole IoU": 14, "boundary IoU": 14}
for world in ("drawn-streets", "camvid"):
    if not all(len(runs(design, "seed", world)) == len(SEEDS) for design in order):
        continue                                                         # not measured yet
    print(f"{world:18}" + "".join(f"{name:>{width}}" for name, width in heads.items()))
    weighed = {row["design"]: row for row in table["costs"] if row["world"] == world}
    for design in order:
        cost = weighed[design]
        cells = [f"{cost['parameters'] / 1e6:.2f} M", f"{cost['multiplications'] / 1e6:.0f} M", f"{cost['times_unet']:.1f}",
                 f"{cost['step_mb']:.0f} MB", *(told(runs(design, key, world)) for key in ("mean_iou", "pole_iou", "boundary_iou"))]
        print(f"{design:18}" + "".join(f"{c:>{width}}" for c, width in zip(cells, heads.values(), strict=True)))

# %%
left, right = panels(2, width=4.4, height=3.0)
show_seeds({design: runs(design, "mean_iou") for design in order}, left, rival="FCN-8", xlabel="mean IoU",
           title="Finer scores help, then features")
show_seeds({design: runs(design, "pole_iou") for design in order}, right, rival="FCN-8", xlabel="IoU of poles",
           names=False, title="SegNet's poles depend on the seed")
plt.show()
operations = {design: cost["multiplications"] for design, cost in costs.items()}
steps = (("FCN-16", "FCN-32"), ("FCN-8", "FCN-16"), ("UNet", "FCN-8"))
assert all(ahead(*pair, "mean_iou") > 2 for pair in steps) and operations["FCN-8"] < 1.01 * operations["FCN-32"]
assert 5.5 < operations["UNet"] / operations["FCN-8"] < 6.5
assert max(abs(ahead("UNet", "ASPPNet", key)) for key in ("mean_iou", "pole_iou")) < 2 < ahead("UNet", "ASPPNet", "boundary_iou")
assert stdev(runs("SegNet", "pole_iou")) > 5 * stdev(runs("FCN-8", "pole_iou"))

# %% [markdown]
# **Verdict.** Each finer score lifts FCN by many spreads, at almost no cost. Features that cross lift U-Net above it, at six times the operations. ASPPNet, which shrinks less, is level with U-Net in mean IoU and poles (**no difference**), but blunter at edges. SegNet hands over no features, and its poles are there or not, depending on the seed. *Small recipe, small nets: on your data, measure again.*
#
# ## 8 · Your own thing
#
# **Exercise 06.own_stride** (transfer, 8 minutes; objective: choose a stride from data). *Take a mask of yours (from 01.own_image, labels 0 to 7) or the street, and a label. Which is the largest stride of 2, 4, 8, 16 and 32 at which `coarse_and_back` keeps an IoU of 0.5 for it (1 if none does)? Write `own = own_mask, label, stride`.*

# %% tags=["exercise", "06.own_stride"]
### BEGIN SOLUTION
own_mask, label, stride = street_mask, STREETS.index("car"), 1
for s in (2, 4, 8, 16, 32):
    confusion = confusion_matrix(coarse_and_back(own_mask, s)[None], own_mask[None], K)
    stride = s if iou(confusion)[label] >= 0.5 else stride
own = own_mask, label, stride
### END SOLUTION

# %% tags=["check", "06.own_stride"]
check("06.own_stride", own)

# %% [markdown]
# ## What stays
#
# 1. Resizing has two conventions; use the same one in training and use.
# 2. Transposed convolution paints: the matrix transpose of a convolution, not its inverse.
# 3. Checkerboards come from unequal *sums* of weights; even counts do not prevent them, resize-then-convolve does.
# 4. Depth trades where for what.
# 5. FCN adds scores, SegNet returns places, U-Net hands over features: thin things live by what crosses at fine levels.
#
# **You can now** derive places (06.places), implement transposed convolution (06.paint_row, 06.paint), diagnose and cure checkerboards (06.counts, 06.break_even, 06.even_out), build levels and whole decoders (06.there_and_back, 06.join, 06.alive, 06.unet), diagnose skips (06.can_go), and choose a stride (06.own_stride).
#
# | If you see ... | suspect ... |
# |---|---|
# | a pattern that repeats every second pixel | transposed convolution or pixel shuffle with unequal sums |
# | masks moved by a fraction of a pixel | mixed `align_corners` |
# | "Sizes of tensors must match" in a decoder | an odd side that pooling rounded |
# | large things right, poles and edges gone | a stride too large, skips missing or not used |
# | a U-Net that trains, but no better than without skips | the wrong skip, or a detached one |
#
# **Glossary.** encoder 编码器 · decoder 解码器 · upsampling 上采样 · bilinear interpolation 双线性插值 · transposed convolution 转置卷积 · adjoint 伴随 · checkerboard artifact 棋盘效应 · skip connection 跳跃连接 · concatenation 拼接 · unpooling 反池化 · bottleneck 瓶颈 · dilated convolution 空洞卷积 · boundary IoU 边界交并比
#
# **Read next.** Odena, Dumoulin, Olah: *Deconvolution and Checkerboard Artifacts*, Distill 2016, doi:10.23915/distill.00003: its figures are a joy; test its advice with your `unevenness`. Then Ronneberger, Fischer, Brox: *U-Net*, MICCAI 2015, arXiv:1505.04597.

# %%
progress()
