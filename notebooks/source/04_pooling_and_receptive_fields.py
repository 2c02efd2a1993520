# %% [markdown]
# # 04 · Pooling and receptive fields: what is kept, and what is seen
#
# **Question of this chapter:** when a network makes its maps smaller, what does it throw away, and how much of the picture does one answer see?
#
# After it you can
# - **implement** max and average pooling with padding, and unpooling,
# - **diagnose** three silent mistakes: zero padding under a maximum, padding that counts, windows that miss the edge,
# - **explain** what pooling does to thin things and to small shifts,
# - **compute** the receptive field of any stack of layers, and **measure** it on a real network,
# - **design** a stack that sees a whole object.
#
# *Time: 60 minutes, and 20 more with the stretch and your own network. You need: chapters 00, 01 and 03. Running everything takes about half a minute; no GPU, no network.*

# %% tags=["setup"]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from scipy.ndimage import label as connected_pixels
from torch import nn
from torchvision.models import resnet50

from seglearn.convolution import Layer, measured_receptive_field, receptive_field
from seglearn.data import DrawnStreets, read_image, read_mask
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.labels import STREETS
from seglearn.plots import describe, frame_squares, panels
from seglearn.plots import show_cone, show_heat, show_image, show_values
from seglearn.pooling import avg_pool2d, max_pool2d, max_unpool2d
from seglearn.training import seed_everything
from seglearn.widgets import Goal, PoolingExplorer, ReceptiveFieldExplorer

seed_everything(4)
POLE, CAR = STREETS.index("pole"), STREETS.index("car")
print("CPU is enough here. The streets are drawn, so they need no download.")

# %% [markdown]
# ## Recall
#
# Three questions from chapters 03, 01 and 00. Run a check to read its question; answer with a letter.

# %% tags=["exercise", "04.recall_reach"]
### BEGIN SOLUTION
reach = "b"
### END SOLUTION

# %% tags=["check", "04.recall_reach"]
check("04.recall_reach", reach)

# %% tags=["exercise", "04.recall_labels"]
### BEGIN SOLUTION
averaged_labels = "c"
### END SOLUTION

# %% tags=["check", "04.recall_labels"]
check("04.recall_labels", averaged_labels)

# %% tags=["exercise", "04.recall_rare"]
### BEGIN SOLUTION
rare = "a"
### END SOLUTION

# %% tags=["check", "04.recall_rare"]
check("04.recall_rare", rare)

# %% [markdown]
# ## What went wrong here?
#
# Suppose that a network finds poles *perfectly*. Its map is then halved three times, as in almost every network, and at the end enlarged again. *Look at the lamps. What happened to them?*

# %% tags=["data"]
STREET = "../data/samples/streets/{}/000.png"
street, street_mask = read_image(STREET.format("images")), read_mask(STREET.format("labels"), classes=len(STREETS))
poles = (street_mask == POLE).float()[None, None]          # (1, 1, 96, 144): 1 where a pole is

# %%
small = max_pool2d(poles, 8)                               # (1, 1, 12, 18), as after three poolings by 2
returned = F.interpolate(small, scale_factor=8, mode="nearest-exact")
axes = panels(3, titles=["A street", "A perfect map of its poles", "Smaller and back: lamps are blocks"])
for ax, picture in zip(axes, (street, poles[0], returned[0]), strict=True):
    show_image(picture, ax)
describe(axes[1], "thin lamps and signs, white on black.")
describe(axes[2], "white blocks of 8 x 8 pixels where the poles were: nothing thin is left.")
plt.show()

# %% [markdown]
# No pole was lost, and yet none is thin any more. We take that step apart.
#
# ## 1 · One number for each window
#
# **Pooling** slides a window over a map, like convolution, but without weights: it keeps the largest value (**max pooling**) or the mean (**average pooling**), in each channel alone. Usually the window jumps by its own size, so 2 x 2 windows leave a quarter of the numbers: later layers get cheaper, and see further.
#
# Our tiny example is a feature map of 4 x 6 numbers that answers strongly to a pole, in column 3.

# %% tags=["data", "nbval-check-output"]
tiny = torch.tensor([
    [1.0, 3, 2, 9, 1, 2],
    [2, 1, 1, 8, 3, 1],
    [1, 2, 3, 7, 2, 1],
    [3, 1, 2, 9, 1, 4],
])
x = tiny[None, None]
x.shape

# %% [markdown]
# **Predict.** *The pole has four numbers: 9, 8, 7, 9. After max pooling with 2 x 2 windows, how many of these four are left?*

# %%
guess("04.pole_left", ...)

# %% [markdown]
# **Step 1: the loop**, complete. Then the library, and the proof that they agree.

# %%
largest, average = torch.empty(2, 3), torch.empty(2, 3)
for row in range(2):
    for column in range(3):
        window = tiny[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]  # (2, 2)
        largest[row, column] = window.max()
        average[row, column] = window.mean()

assert torch.equal(largest, max_pool2d(x, 2)[0, 0]) and torch.equal(largest, F.max_pool2d(x, 2)[0, 0])
assert torch.equal(average, avg_pool2d(x, 2)[0, 0]) and torch.equal(average, F.avg_pool2d(x, 2)[0, 0])
left = int((largest >= 7).sum())
assert left == 2
gap("04.pole_left", left)

# %%
values, indices = max_pool2d(x, 2, return_indices=True)
won = torch.zeros(24, dtype=torch.bool).scatter(0, indices.flatten(), True).reshape(4, 6)
first, second, third = panels(3, titles=["The winners are framed", "Max: the pole stays strong", "Mean: the pole is weakened"])
show_values(tiny, first, window=won.numpy())
show_values(largest, second, limit=9)
show_values(average, third, limit=9)
plt.show()

# %% [markdown]
# Two pole numbers share each window, and one wins. The maximum asks *whether* there is a pole, the mean *how much*.
#
# **Exercise 04.max_fold** (warm-up, 4 minutes): **step 2, half done.** *Windows side by side, no loops. The fold is there; take the maximum.*

# %% tags=["exercise", "04.max_fold"]
def max_fold(x, k):
    """Return the maximum of each k x k window of x (N, C, H, W); H and W are multiples of k."""
    n, c, height, width = x.shape
    windows = x.reshape(n, c, height // k, k, width // k, k)
    ### BEGIN SOLUTION
    return windows.amax(dim=(3, 5))
    ### END SOLUTION

# %% tags=["check", "04.max_fold"]
check("04.max_fold", max_fold)

# %% [markdown]
# ### Padding: zero is not nothing
#
# A zero adds nothing to a sum, so convolution pads with zeros. But a maximum is no sum.
#
# **Predict.** *We subtract 10 from the tiny map: all numbers are negative. A 3 x 3 window with stride 2 runs over it, with a ring of zeros around. How many of its 2 x 3 results are wrong?*

# %%
guess("04.zeros_win", ...)

# %%
negative = x - 10
careless = F.max_pool2d(F.pad(negative, (1, 1, 1, 1)), 3, stride=2)     # zeros around
careful = max_pool2d(negative, 3, stride=2, padding=1)                  # -infinity around
wrong = int((careless != careful).sum())
assert wrong == 4

first, second = panels(2, titles=["Padded with 0: invented zeros win", "Padded with −∞: only real pixels win"])
show_values(careless[0, 0], first, signed=True, limit=9, window=(careless != careful)[0, 0].numpy())
show_values(careful[0, 0], second, signed=True, limit=9)
plt.show()
gap("04.zeros_win", wrong)

# %% [markdown]
# Every window at the border reports a 0 that does not exist, stronger than anything that does. Behind a ReLU nothing is negative and the mistake sleeps.
#
# **Exercise 04.max_pool** (core, 10 minutes; objective: implement the general case): **step 3, all yours.** *Loops are welcome. Keep the dtype of `x`.*

# %% tags=["exercise", "04.max_pool"]
def max_pool(x, kernel_size, stride, padding):
    """Return x (N, C, H, W) max pooled: (N, C, h, w). Only windows that fit into the padded map."""
    ### BEGIN SOLUTION
    padded = F.pad(x, (padding, padding, padding, padding), value=-torch.inf)
    windows = padded.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)  # (N, C, h, w, k, k)
    return windows.amax(dim=(-2, -1))
    ### END SOLUTION

# %% tags=["check", "04.max_pool"]
check("04.max_pool", max_pool)

# %% [markdown]
# In a mean, padding is *counted*. Here the same window runs over a map of ones.

# %% tags=["nbval-check-output"]
ones = torch.ones(1, 1, 4, 6)
counted, ignored = (avg_pool2d(ones, 3, stride=2, padding=1, count_include_pad=c) for c in (True, False))
assert torch.allclose(counted[0, 0, 0, 0], torch.tensor(4 / 9)) and bool((ignored == 1).all())
(counted * 9).round().int()[0, 0].tolist()  # ninths

# %% [markdown]
# A corner window holds 4 pixels and 5 padded places: 4/9, a dark border. PyTorch counts padding by default; `count_include_pad=False` does not.
#
# **Exercise 04.avg_pool** (core, 7 minutes; objective: average without counting padding).

# %% tags=["exercise", "04.avg_pool"]
def avg_pool(x, kernel_size, stride, padding):
    """Return the mean of the real pixels in each window of x (N, C, H, W)."""
    ### BEGIN SOLUTION
    def sums(maps):
        padded = F.pad(maps, (padding, padding, padding, padding))
        return padded.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).sum(dim=(-2, -1))

    return sums(x) / sums(torch.ones_like(x))
    ### END SOLUTION

# %% tags=["check", "04.avg_pool"]
check("04.avg_pool", avg_pool)

# %% [markdown]
# ## 2 · Places: what an index brings back
#
# The **index** of a winner counts the pixels of its plane row by row: in a map 6 wide, index 8 is row 1, column 2. **Unpooling** writes each value back at its index, and 0 elsewhere.
#
# **Predict.** *We pool the tiny map by 2 x 2, and unpool it. How many of its 24 numbers are back at their place?*

# %%
guess("04.back", ...)

# %%
restored = max_unpool2d(values, indices, 2)
assert torch.equal(restored, F.max_unpool2d(values, indices, 2))
back = int((restored == x).sum())
assert back == 6

first, second, third = panels(3, titles=["Before", "The indices of the winners", "After: 6 exact places, 18 holes"])
show_values(tiny, first, window=won.numpy())
show_values(indices[0, 0], second, limit=40)
show_values(restored[0, 0], third, limit=9)
plt.show()
gap("04.back", back)

# %% [markdown]
# One number per window is back, exactly where it was. The rest is gone: a decoder can only guess it.
#
# **Exercise 04.unpool** (core, 7 minutes; objective: implement unpooling).

# %% tags=["exercise", "04.unpool"]
def unpool(values, indices, height, width):
    """Return zeros (N, C, height, width) with the values (N, C, h, w) at their indices (N, C, h, w) int64."""
    ### BEGIN SOLUTION
    n, c = values.shape[:2]
    lines = torch.zeros(n, c, height * width)
    lines.scatter_(2, indices.flatten(2), values.flatten(2))
    return lines.reshape(n, c, height, width)
    ### END SOLUTION

# %% tags=["check", "04.unpool"]
check("04.unpool", unpool)

# %% [markdown]
# **Exercise 04.overlap** (core, 3 minutes; objective: choose windows that overlap). *Halve the map so that some pixel wins twice, and watch what unpooling restores.* Sliders or arrow keys.

# %% tags=["data"]
pooling = PoolingExplorer()

# %% tags=["exercise", "04.overlap"]
### BEGIN SOLUTION
pooling.kernel_size, pooling.padding = 3, 1
### END SOLUTION
pooling

# %% tags=["check", "04.overlap"]
check("04.overlap", pooling)

# %% [markdown]
# ### The edge that no window reaches
#
# A column that is left over is silently left out; with `ceil_mode=True` one more window hangs over the edge. How many windows of 3 with stride 2 fit into a width?

# %% tags=["nbval-check-output"]
{width: [max_pool2d(torch.rand(1, 1, 3, width), 3, stride=2, ceil_mode=up).shape[-1] for up in (False, True)]
 for width in (6, 7, 8, 9)}                                     # width: [rounded down, rounded up]

# %% [markdown]
# **Exercise 04.break_pole** (break it, 5 minutes; objective: build a map that exposes a blind edge). *The author of `finds_pole` saw the result below, and believes that max pooling never loses a bright pole. Give a map of zeros with one column of ones, at most 48 pixels, for which it says False.*

# %% tags=["data", "nbval-check-output"]
def finds_pole(wall):
    return bool(max_pool2d(wall[None, None], 3, stride=2).max() == 1)


wall = torch.zeros(5, 7)
wall[:, 3] = 1
finds_pole(wall)

# %% tags=["exercise", "04.break_pole"]
### BEGIN SOLUTION
hidden = torch.zeros(5, 8)
hidden[:, 7] = 1
### END SOLUTION

# %% tags=["check", "04.break_pole"]
check("04.break_pole", hidden)

# %% [markdown]
# ## 3 · Experiment: a thin pole goes through pooling
#
# A nearly perfect detector answers 1 on thin poles (at most 2 pixels wide) and 0 elsewhere, plus a little noise. We pool by 2, 4 and 8, and come back by two roads: by the indices, or by copying each value into its whole window. A pole is found where the answer stays above 0.5.
#
# **Hypothesis 1.** Max pooling still finds every pole, average pooling does not. **Hypothesis 2.** The indices bring the thin poles back.

# %%
SEEDS, SCENES, FACTORS, NOISE = (0, 1, 2), 20, (2, 4, 8), 0.1


def thin_poles(masks):
    """Return (N, 1, H, W): 1 on pole pixels that belong to no horizontal run of 3 pole pixels."""
    pole = (masks == POLE).float()[:, None]
    runs = -max_pool2d(-F.pad(pole, (1, 1)), (1, 3), stride=1)      # a minimum: 1 where three in a row are pole
    return pole - max_pool2d(runs, (1, 3), stride=1, padding=(0, 1))


def through(truth, answer, factor):
    """Return five shares: found by max, found by mean; poles back and marks right by index; marks right by copy."""
    values, indices = max_pool2d(answer, factor, return_indices=True)
    here, truth = max_pool2d(truth, factor) == 1, truth == 1               # windows and pixels with a pole
    by_index = max_unpool2d(values, indices, factor) > 0.5
    by_copy = F.interpolate(values, scale_factor=factor, mode="nearest-exact") > 0.5
    found = [(pooled[here] > 0.5).double().mean() for pooled in (values, avg_pool2d(answer, factor))]
    hits = (by_index & truth).sum()
    return torch.stack([*found, hits / truth.sum(), hits / by_index.sum(), truth[by_copy].double().mean()])

# %%
print("shares in %, mean and spread over 3 seeds\n")
columns = ("found: max", "found: mean", "back: index", "right: index", "right: copy")
print(f"{'factor':8}" + "".join(f"{name:>14}" for name in columns))
worlds = [thin_poles(torch.stack([mask for _, mask in DrawnStreets(SCENES, seed=seed)])) for seed in SEEDS]
table = {}
for factor in FACTORS:
    rows = []
    for seed, truth in zip(SEEDS, worlds, strict=True):
        noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(seed))
        rows.append(100 * through(truth, truth + NOISE * noise, factor))
    table[factor], spread = torch.stack(rows).mean(0), torch.stack(rows).std(0)
    print(f"{factor:<8}" + "".join(f"{m:>8.0f} ± {s:<3.0f}" for m, s in zip(table[factor], spread, strict=True)))

# %%
shares = {factor: dict(zip(columns, row.tolist(), strict=True)) for factor, row in table.items()}
assert all(row["found: max"] > 99 and row["right: index"] > 99 for row in shares.values())
assert shares[2]["found: mean"] < 60 and shares[8]["found: mean"] < 1         # hypothesis 1: yes
assert 45 < shares[2]["back: index"] < 60 and 12 < shares[8]["back: index"] < 25    # hypothesis 2: exact, but few
assert shares[2]["right: copy"] < 55 and 5 < shares[8]["right: copy"] < 11

truth = worlds[0][[int(worlds[0].sum(dim=(1, 2, 3)).argmax())]]          # the scene with most of them
kept, places = max_pool2d(truth, 4, return_indices=True)
axes = panels(3, titles=["Thin poles, before pooling by 4", "Back by index: thin, with holes", "Back by copying: whole, but thick"])
copied = F.interpolate(kept, scale_factor=4, mode="nearest-exact")
for ax, picture in zip(axes, (truth, max_unpool2d(kept, places, 4), copied), strict=True):
    show_image(picture[0], ax)
plt.show()

# %% [markdown]
# **Verdict.** Hypothesis 1 holds: the maximum finds every thin pole; the mean finds it in less than 60 % of the windows at factor 2, and almost nowhere at factor 8. Hypothesis 2 is half true: by index every mark is right, but at factor 8 fewer than a quarter of the pixels are back. Copying brings all back, and eight wrong pixels or more with each right one. *Pooling keeps the what and drops the where.* Chapter 06 has the cure: **skip connections** carry the large maps past the pooling.
#
# ## 4 · A step of one pixel
#
# Move the input of a convolution by one pixel, and its output moves along (chapter 03): it is **equivariant**. What does a stride leave of that?
#
# **Predict.** *A pole moves 8 steps to the right, one pixel each. Its map is pooled by 8. At how many of the 8 steps does the pooled map change?*

# %%
guess("04.steps", ...)

# %%
frames = torch.eye(24)[4:20]                                     # (16, 24): time runs down, the pole to the right
pooled = F.max_pool1d(frames, 8)                                 # (16, 3)
changes = int((pooled[1:9] != pooled[:8]).any(dim=1).sum())      # the first 8 steps
assert changes == 1

left, right = panels(2, titles=["The pole moves one pixel per frame", "Pooled by 8: it waits, then jumps"], height=2.4)
show_image(frames[None], left)
show_image(pooled.repeat_interleave(8, dim=1)[None], right)
for ax in (left, right):
    ax.set(ylabel="time: 16 frames", xlabel="column")
plt.show()
gap("04.steps", changes)

# %% [markdown]
# Seven steps are swallowed, one is magnified. And on pictures? An 8 x 8 window runs over streets, and over the same streets moved by a few pixels; only its stride differs. We move the result back as well as whole steps can, and ask how much still differs.

# %%
def unexplained(images, stride, shift, window=8):
    """Return the mean difference that no whole step explains, relative to the contrast of the pooled map."""
    before = max_pool2d(images[..., 8:], window, stride=stride)
    after = max_pool2d(images[..., 8 - shift : images.shape[-1] - shift], window, stride=stride)
    contrast = (before - before.mean()).abs().mean()
    steps = {shift // stride, -(-shift // stride)}                # round down, round up: the better one counts
    width = before.shape[-1]
    return min(float((after[..., n:] - before[..., : width - n]).abs().mean() / contrast) for n in steps)


streets = [torch.stack([image for image, _ in DrawnStreets(6, seed=seed)]) for seed in SEEDS]
print("what a whole step does not explain, in % of the contrast; mean and spread over 3 seeds\n")
print("stride" + "".join(f"{f'moved by {shift}':>14}" for shift in (1, 2, 4, 8)))
for stride in (1, 2, 4, 8):
    rest = torch.tensor([[100 * unexplained(s, stride, shift) for shift in (1, 2, 4, 8)] for s in streets])
    print(f"{stride:<6}" + "".join(f"{m:>8.1f} ± {s:<3.1f}" for m, s in zip(rest.mean(0), rest.std(0), strict=True)))
    for shift, column in zip((1, 2, 4, 8), rest.T, strict=True):
        assert bool((column == 0).all()) if shift % stride == 0 else bool((column > 3).all())

# %% [markdown]
# The law is exact: a shift that is a multiple of the product of all strides survives. Every other one changed the map itself; in a video, masks flicker. (A blur before the stride helps: see the reference at the end.)
#
# ## 5 · How far does one answer see?
#
# The **receptive field** of a unit is the square of pixels that can change it. We need its **size**, and the **jump**, the distance in the image between neighboring units. Both start at 1. Each layer
#
# 1. adds `dilation * (kernel_size - 1) * jump` to the size, and *then*
# 2. multiplies the jump by its stride.
#
# Convolution or pooling makes no difference. Every line below leads from a unit to one of its taps.

# %%
conv, pool = Layer(3, name="conv 3"), Layer(2, stride=2, name="pool 2")
show_cone([conv, pool, conv], title="Behind the pooling, steps are twice as long")
plt.show()

# %% [markdown]
# **Exercise 04.by_head** (warm-up, 3 minutes; objective: compute in the head). *Two 3 x 3 convolutions, one 2 x 2 pooling with stride 2, two 3 x 3 convolutions. How large is the field?*

# %% tags=["exercise", "04.by_head"]
### BEGIN SOLUTION
field_size = 1 + 2 + 2 + 1 + 2 * 2 + 2 * 2
### END SOLUTION

# %% tags=["check", "04.by_head"]
check("04.by_head", field_size)

# %% [markdown]
# **Exercise 04.field** (core, 7 minutes; objective: derive size and jump).

# %% tags=["exercise", "04.field"]
def field(layers):
    """Return (size, jump) behind a list of layers (kernel_size, stride, dilation), the first one nearest to the image."""
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size += dilation * (kernel_size - 1) * jump
        jump *= stride
    return size, jump
    ### END SOLUTION

# %% tags=["check", "04.field"]
check("04.field", field)

# %% [markdown]
# Now a real one: VGG-16 has five blocks of 2, 2, 3, 3, 3 convolutions (3 x 3), each closed by a 2 x 2 pooling. **Predict.** *How many pixels wide is the field at its end: closer to 50, 100, 200 or 400?*

# %%
guess("04.vgg", ...)

# %%
vgg = []
for block, count in enumerate((2, 2, 3, 3, 3), start=1):
    vgg += [Layer(3, padding=1, name=f"conv{block}_{n}") for n in range(1, count + 1)]
    vgg += [Layer(2, stride=2, name=f"pool{block}")]
for row in receptive_field(vgg):
    print(f"{row.name:10} size {row.size:4}   jump {row.jump:3}")
assert row.size == 212 and row.jump == 32
gap("04.vgg", row.size)

# %% [markdown]
# To be sure about a network *as it runs*, ask its gradient: which pixels of a random image move the unit in the middle? For ResNet-50 the literature often says 483. We take torchvision's, made thinner, since the number of channels does not matter, and measure.

# %%
thin_resnet = resnet50(weights=None, width_per_group=16).eval()
features = nn.Sequential(*list(thin_resnet.children())[:-2])        # without the classifier at its end
measured = measured_receptive_field(features, 480)
assert measured.size == (427, 427) and not measured.clipped
measured.size

# %%
def resnet50_layers(stride_on):
    """Return the windows on the longest path; the first block of a stage has its stride on its 1x1 or its 3x3 layer."""
    layers = [Layer(7, stride=2, padding=3), Layer(3, stride=2, padding=1)]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
            layers += [Layer(1, stride=first), Layer(3, stride=second, padding=1), Layer(1)]
    return layers


sizes = {place: receptive_field(resnet50_layers(place))[-1].size for place in ("1x1", "3x3")}
assert sizes == {"1x1": 483, "3x3": 427}
sizes

# %% [markdown]
# Both are right, for two networks of one name. The original put the stride on the 1 x 1 layer of a stage's first block: the 3 x 3 behind it takes longer steps, and that 1 x 1 never looks at three quarters of its pixels. torchvision moved the stride to the 3 x 3. *Do not quote a field; measure yours.*
#
# ## 6 · The field on paper, and the field that works
#
# Do all pixels of the field matter alike? A central one reaches the unit on many paths, a corner on a single one. The **effective receptive field** is where most of the gradient lands.
#
# **Predict.** *20 random 3 x 3 layers have a field of 41 x 41 pixels. How wide is the central square that holds 95 % of the gradient?*

# %%
guess("04.central", ...)

# %%
DEPTHS, CHANNELS, SHARE = (5, 10, 20, 40), 8, 0.95


def random_stack(depth):
    layers = []
    for number in range(depth):
        layers += [nn.Conv2d(CHANNELS if number else 3, CHANNELS, 3, padding=1), nn.ReLU()]
        nn.init.kaiming_normal_(layers[-2].weight)
    return nn.Sequential(*layers)


print(f"{'layers':8}{'on paper':>10}{'holds 95 %':>16}   (mean and spread over 3 seeds)")
central = {}
for depth in DEPTHS:
    sides = []
    for seed in SEEDS:
        seed_everything(seed)
        heat = measured_receptive_field(random_stack(depth), 2 * depth + 5, draws=4, seed=seed)
        sides.append(float(heat.side_holding(SHARE)))
    central[depth] = sum(sides) / len(sides)
    print(f"{depth:<8}{2 * depth + 1:>10}{central[depth]:>10.1f} ± {torch.tensor(sides).std():.1f}")

# %%
assert 21 <= central[20] <= 25
assert 1.7 < central[40] / central[10] < 2.5          # four times the layers: about twice as wide
gap("04.central", round(central[20]))

seed_everything(0)
example = measured_receptive_field(random_stack(20), 45, draws=8)
side = example.side_holding(SHARE)
show_heat(example.heat, panels(1, width=3.4)[0], squares={f"95 %: {side} px": side, "on paper: 41 px": 41}, title="Most of the field hardly matters")
plt.show()

# %% [markdown]
# **Verdict.** On paper the field grows with the number of layers, in effect about with its square root: from 10 to 40 layers it gets about twice as wide. These weights are random; training can change that, but it starts here. Leave a margin.
#
# ## 7 · What must a network see to know a car?
#
# In the middle of a car, a field as wide as the car is enough. But *every* pixel of the car wants a label, and the unit at its left end must reach the right end: `2 * width - 1`.

# %% tags=["data"]
CARS = "../data/samples/streets/{}/003.png"
scene, scene_mask = read_image(CARS.format("images")), read_mask(CARS.format("labels"), classes=len(STREETS))
patches, _ = connected_pixels((scene_mask == CAR).numpy())
across = torch.from_numpy(patches == patches[60, 53]).any(dim=0).nonzero().flatten()   # columns of the middle car
car_px = int(across.max() - across.min() + 1)
needed = 2 * car_px - 1
assert (car_px, needed) == (29, 57)

SQUARES = {"14 px": 14, "29 px": 29, "57 px": 57}
axes = panels(2, titles=["From the middle, 29 px show the whole car", "From its left end, it takes 57 px"], width=4.4, height=3.2)
for ax, center in zip(axes, (int(across.double().mean()), int(across.min())), strict=True):
    show_image(scene, ax)
    frame_squares(ax, (center, 63), SQUARES)
    ax.plot(center, 63, marker="+", color="white", markersize=9, markeredgewidth=2)
plt.show()

# %% [markdown]
# **Exercise 04.see_car** (core, 4 minutes; objective: trade depth, kernel, strides and dilation). *Reach the goal: a field of 57 px or more without holes, from at most 6 layers. Compare the field on paper with the heat.*

# %% tags=["data"]
SEE = Goal(
    "See the whole car: 57 px without holes, at most 6 layers, a jump of at most 4.",
    (("size", ">=", 57), ("holes", "==", 0), ("depth", "<=", 6), ("jump", "<=", 4)),
)
stacker = ReceptiveFieldExplorer(goal=SEE)

# %% tags=["exercise", "04.see_car"]
### BEGIN SOLUTION
stacker.depth, stacker.kernel_size, stacker.halvings = 5, 5, 2
### END SOLUTION
stacker

# %% tags=["check", "04.see_car"]
check("04.see_car", stacker)

# %% [markdown]
# **Exercise 04.design** (stretch, 10 minutes; objective: design a stack under a budget). *At most 6 layers, kernels of at most 3, a jump of exactly 4, a field of 57 or more, and no holes: some path reaches every pixel inside.* `show_cone(stack)` draws it.

# %% tags=["exercise", "04.design"]
### BEGIN SOLUTION
stack = [Layer(3, stride=2), Layer(3, stride=2), Layer(3), Layer(3, dilation=2), Layer(3, dilation=4)]
### END SOLUTION

# %% tags=["check", "04.design"]
check("04.design", stack)

# %% [markdown]
# **Exercise 04.own_field** (transfer, 10 minutes). *How wide is something in a picture of your own, in pixels (4 to 200)? Build a network, from (1, 3, H, W) to a feature map, whose **measured** field reaches from any part of it to any other. Its answers may stand at most 16 pixels apart. `own` is the pair of network and width.* Without a picture, take a person of 15 pixels.

# %% tags=["exercise", "04.own_field"]
### BEGIN SOLUTION
object_px = 15
layers = [nn.Conv2d(3, 8, 3, padding=1)]
for _ in range(3):
    layers += [nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1)]
own = nn.Sequential(*layers), object_px
### END SOLUTION

# %% tags=["check", "04.own_field"]
check("04.own_field", own)

# %% [markdown]
# ## What stays
#
# 1. Pooling keeps one number per window: *whether* (maximum), or *how much* (mean).
# 2. A maximum is padded with −∞; a mean should not count its padding; leftover columns are not seen at all.
# 3. Indices bring values back to exact places, but only one per window.
# 4. A shift survives only as a multiple of all strides together.
# 5. Size grows by `dilation * (k - 1) * jump`, the jump by the stride; in effect the field is much smaller than on paper.
#
# **You can now** implement pooling and unpooling (04.max_fold, 04.max_pool, 04.avg_pool, 04.unpool), diagnose blind edges and false zeros (04.break_pole), explain what thin things and shifts suffer (sections 3 and 4), compute and measure fields (04.by_head, 04.field, 04.own_field), and design a stack that sees its object (04.design).
#
# | If you see ... | suspect ... |
# |---|---|
# | zeros along the border of a map that should be negative | zero padding under a maximum |
# | borders darker than the middle | padding that is counted in a mean |
# | "sizes do not match" when maps are added or concatenated | an odd side that pooling rounded down |
# | poles and wires thick, broken or gone | too much pooling, and no skip connection |
# | masks that flicker when the camera moves a little | strides: shifts that are no multiple of their product |
# | large things labeled in patches, right at the rim and wrong inside | a field smaller than the thing |
#
# **Glossary.** pooling 池化 · max pooling 最大池化 · average pooling 平均池化 · window 窗口 · stride 步幅 · padding 填充 · index 索引 · unpooling 反池化 · shift equivariance 平移等变性 · receptive field 感受野 · effective receptive field 有效感受野 · jump 跳距 · dilation 膨胀（空洞） · skip connection 跳跃连接
#
# **Read next.** Zhang: *Making Convolutional Networks Shift-Invariant Again*, ICML 2019, sections 1 to 3: a blur before each stride. For the field that works: Luo, Li, Urtasun, Zemel: *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, NeurIPS 2016.

# %%
progress()
