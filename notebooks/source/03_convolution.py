# %% [markdown]
# # 03 · Convolution: one small window, everywhere
#
# **Question of this chapter:** how can nine numbers find every edge of a photograph, wherever it is, and how large is their answer?
#
# After it you can
# - **compute** one number of a convolution by hand, and **count** the parameters of any layer,
# - **implement** convolution three times: by loops, by shifted pictures, by one product of matrices,
# - **derive** the size of a result in your head, from kernel, stride, padding and dilation,
# - **design** a kernel from what it must answer, and what it must not,
# - **diagnose** flipped kernels, edges made by padding, and layers that a small movement upsets.
#
# *Time: 90 minutes, and 20 more with the stretch and your own picture. You need: chapters 00 and 01. Running everything takes about half a minute; no GPU, no network.*

# %% tags=["setup"]
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from scipy.signal import convolve2d
from skimage import data as photographs  # they come with the library: no network
from torch import nn

from seglearn.convolution import KERNELS, conv2d, conv2d_with_loops, im2col, output_size
from seglearn.data import DrawnStreets, read_image
from seglearn.exercises import check, gap, guess, hint, progress, solution
from seglearn.plots import describe, panels, show_image, show_values
from seglearn.training import seed_everything
from seglearn.widgets import ArithmeticExplorer, ConvolutionExplorer, Goal

seed_everything(3)
print("CPU is enough here. Pictures: one of 35 pixels, one photograph, and the drawn streets.")

# %% [markdown]
# **Recall** (3 minutes). *Run each check to see its question; answer with a letter.*

# %% tags=["exercise", "03.recall_layout"]
### BEGIN SOLUTION
moves_channels = "b"
### END SOLUTION

# %% tags=["check", "03.recall_layout"]
check("03.recall_layout", moves_channels)

# %% tags=["exercise", "03.recall_void"]
### BEGIN SOLUTION
border = "c"
### END SOLUTION

# %% tags=["check", "03.recall_void"]
check("03.recall_void", border)

# %% tags=["exercise", "03.recall_accuracy"]
### BEGIN SOLUTION
poles_found = "b"
### END SOLUTION

# %% tags=["check", "03.recall_accuracy"]
check("03.recall_accuracy", poles_found)

# %% [markdown]
# ## What went wrong here?
#
# Our example for the whole chapter: a street lamp at night, 5 x 7 pixels. A layer with **one weight for each pixel** has learned it by heart: its weights are the picture itself, its score is the sum of all products. Then the camera moves by one pixel.

# %% tags=["data"]
lamp = torch.tensor([
    [0, 0, 0, 5, 9, 0, 0],
    [0, 0, 0, 5, 0, 0, 0],
    [0, 0, 0, 5, 0, 0, 0],
    [0, 0, 0, 5, 0, 0, 0],
    [2, 2, 2, 5, 2, 2, 2],
]).float()
moved = lamp.roll(1, dims=1)          # one pixel to the right

# %%
learned = lamp.clone()                # one weight for each pixel
scores = [int((learned * picture).sum()) for picture in (lamp, moved)]
assert scores == [230, 85]

left, right = panels(2, titles=[f"The lamp as learned: score {scores[0]}", f"One pixel further: score {scores[1]}"])
show_values(lamp, left)
show_values(moved, right)
plt.show()

# %% [markdown]
# The lamp is the same, and almost two thirds of the score are gone. *What went wrong?*
# The weights are glued to their pixels. Such a layer must learn the same lamp anew for every place.
#
# ## 1 · One window, everywhere
#
# So we carry few weights around. A small grid of weights is a **kernel**. Lay it on the picture: the part under it is the **window**. Multiply each weight by the pixel under it, add up, write down the sum. Move on by one pixel, and again. That is all of **convolution**.
#
# Our first kernel subtracts the left column of its window from the right one.

# %% tags=["data"]
kernel = KERNELS["prewitt_x"]          # (3, 3)

left, right = panels(2, titles=["Which number comes out here ...", "... with these weights?"], width=3, height=2.3)
show_values(lamp, left, window=np.s_[0:3, 2:5])
show_values(kernel, right, signed=True)
plt.show()

# %% [markdown]
# **Predict.** *Multiply, add up: which number does the framed window give?*

# %%
guess("03.window", ...)

# %% [markdown]
# **Step 1: the loops**, complete.

# %%
height, width = 5 - 3 + 1, 7 - 3 + 1                   # at so many places the window fits
looped = torch.zeros(height, width)
for y in range(height):                                # for each place of the window,
    for x in range(width):
        for i in range(3):                             # for each weight of the kernel:
            for j in range(3):
                looped[y, x] += kernel[i, j] * lamp[y + i, x + j]

library = F.conv2d(lamp[None, None], kernel[None, None])[0, 0]    # torch wants (N, C, H, W) and (O, C, kh, kw)
assert torch.equal(looped, library)
gap("03.window", int(looped[0, 2]))

# %%
left, right = panels(2, titles=["35 pixels go in ...", "... 15 sums come out: a rise, a fall"], width=3.3)
show_values(lamp, left, window=np.s_[0:3, 2:5])
show_values(looped, right, signed=True, window=np.s_[0, 2])
plt.show()

# %% [markdown]
# The right column holds 9 + 0 + 0, the left one nothing; the pole stands in the middle, where the weights are 0. Orange is *brighter to the right*, blue is *darker to the right*: a pole is a rise, then a fall.
#
# **Exercise 03.move_left** (core, 4 minutes; objective: derive a kernel from what it must do). *Slide the window, watch the products and their sum, and reach all goals. The last: move the picture one pixel to the left.*

# %% tags=["data"]
explorer = ConvolutionExplorer()

# %% tags=["exercise", "03.move_left"]
### BEGIN SOLUTION
explorer.kernel = [0.0, 0, 0, 0, 0, 1, 0, 0, 0]
### END SOLUTION
explorer

# %% tags=["check", "03.move_left"]
check("03.move_left", explorer)

# %% [markdown]
# Weight (i, j) always meets the pixel i rows below and j columns right of the window's corner: each weight sees the whole picture, *shifted*.
#
# **Exercise 03.add_shifts** (warm-up, 4 minutes): **step 2, half done.** *The loops over the places are gone. For each weight, add the shifted part of the picture, times the weight.* Stuck? `hint("03.add_shifts")`.

# %% tags=["exercise", "03.add_shifts"]
def add_shifts(image, kernel):
    """Return the sums (H - kh + 1, W - kw + 1) of a kernel (kh, kw) that slides over an image (H, W)."""
    kh, kw = kernel.shape
    height, width = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    result = image.new_zeros(height, width)            # zeros of the image's type, where the image lies
    for i in range(kh):
        for j in range(kw):
            ### BEGIN SOLUTION
            result += kernel[i, j] * image[i : i + height, j : j + width]
            ### END SOLUTION
    return result

# %% tags=["check", "03.add_shifts"]
check("03.add_shifts", add_shifts)

# %% [markdown]
# ### Why share the weights?
#
# **Predict.** *A **dense** (fully connected) layer could also make 15 numbers from 35 pixels, with one weight for each pair. How many weights?*

# %%
guess("03.dense", ...)

# %%
places = torch.eye(35).reshape(35, 1, 5, 7)                       # 35 pictures, one bright pixel in each
numbered = torch.arange(1.0, 10).reshape(1, 1, 3, 3)              # nine weights that we can tell apart
matrix = conv2d(places, numbered).flatten(1).T                    # (15, 35): the same layer, written as a dense one
assert torch.equal(matrix @ lamp.flatten(), conv2d(lamp[None, None], numbered).flatten())
assert (matrix.numel(), int((matrix != 0).sum()), len(matrix[matrix != 0].unique())) == (525, 135, 9)

ax = panels(1, titles=["525 weights: 390 are zero, and the others are the same nine, again and again"], width=6.4, height=3.1)[0]
show_values(matrix, ax)
ax.set(xlabel="35 pixels", ylabel="15 sums")
describe(ax, "a matrix of 15 rows and 35 columns, black with short bright diagonals; each row is the one above, moved.")
plt.show()
gap("03.dense", matrix.numel())

# %% [markdown]
# Each row is one place of the window. A dense layer would have to *learn* all those zeros, and nine numbers 15 times. Now a real size: from a color picture of 64 x 96 pixels to 16 such maps.

# %% tags=["nbval-check-output"]
dense = (3 * 64 * 96 + 1) * (16 * 64 * 96)             # + 1: the bias, which is added to each sum
shared = sum(p.numel() for p in nn.Conv2d(3, 16, 3, padding=1).parameters())
assert (dense, shared) == (1_812_037_632, 448)
f"dense {dense:,}, convolution {shared}"

# %% [markdown]
# 1.8 billion numbers to learn, or 448. Sharing says: *what is worth finding here is worth finding there*. True of photographs; not of a form, whose name always stands in the same box.
#
# ## 2 · Convolution, or correlation?
#
# **Predict.** *`scipy` has a function `convolve2d`. The same lamp, kernel and window as before, where torch says 9. What does scipy say?*

# %%
guess("03.scipy", ...)

# %%
scipys = torch.from_numpy(convolve2d(lamp.numpy(), kernel.numpy(), mode="valid"))
assert torch.equal(scipys, conv2d(lamp[None, None], kernel.flip(0, 1)[None, None])[0, 0])

left, right = panels(2, titles=["torch: 9, the kernel as it is", "scipy: −9, the kernel turned around"], width=3.3)
show_values(looped, left, signed=True, window=np.s_[0, 2])
show_values(scipys, right, signed=True, window=np.s_[0, 2])
plt.show()
gap("03.scipy", int(scipys[0, 2]))

# %% [markdown]
# Mathematicians turn the kernel by 180 degrees and then slide it. Without the turn they call it **correlation**. Deep learning never turns, and still says convolution.
# A layer that learns its weights simply learns them turned. But it matters when weights come from a book or another library. Tests with symmetric kernels see nothing.
#
# **Exercise 03.flip** (core, 5 minutes; objective: implement true convolution). *Give scipy's answer with `F.conv2d`, for any picture and kernel.*

# %% tags=["exercise", "03.flip"]
def true_convolution(image, kernel):
    """Return the mathematicians' convolution (H - kh + 1, W - kw + 1) of an image (H, W) with a kernel (kh, kw)."""
    ### BEGIN SOLUTION
    return F.conv2d(image[None, None], kernel.flip(0, 1)[None, None])[0, 0]
    ### END SOLUTION

# %% tags=["check", "03.flip"]
check("03.flip", true_convolution)

# %% [markdown]
# ## 3 · Edges of a photograph
#
# Now a real picture: a cup of coffee, in gray. `sobel_x` is our kernel with more trust in its middle row: −2, 0, 2. `sobel_y` is the same lying down: below minus above. Zeros around the picture let the answer keep its size.
#
# **Predict.** *The rim of the cup is white, the saucer behind it dark. Which color gets the left end of the rim under `sobel_x`: "orange" (a rise), or "blue" (a fall)?*

# %%
guess("03.rim", ...)

# %% tags=["data"]
cup = torch.from_numpy(photographs.coffee()).permute(2, 0, 1) / 255     # (3, 400, 600)
cup = F.avg_pool2d(cup, 2)                                              # (3, 200, 300)
gray = cup.mean(dim=0)                                                  # (200, 300)

# %%
sobel = torch.stack([KERNELS["sobel_x"], KERNELS["sobel_y"]])[:, None]  # (2, 1, 3, 3): two kernels for one channel
across, down = conv2d(gray[None, None], sobel, padding=1)[0]            # two maps (200, 300)
strength = (across**2 + down**2).sqrt()                                 # how steep, in whatever direction
rim = across[60, 70:120]                                                # from the saucer over the left end of the rim
assert rim.argmax() < rim.argmin() and rim.max() > 1                    # first a clear rise, then a fall
assert across[:, -1].mean() < -1.5 and across[:, -20:-1].mean(dim=0).abs().max() < 0.05    # a fall, at the very border only
gap("03.rim", "orange")

# %%
a, b, c, d = panels(2, 2, width=3.6, height=2.6, titles=[
    "A cup, 200 x 300 pixels", "sobel_x: upright edges; top and bottom gone",
    "sobel_y: level edges; left and right gone", "Both together: every edge",
])
show_image(gray[None], a)
show_values(across, b, signed=True, limit=2)
show_values(down, c, signed=True, limit=2)
show_image(strength[None] / 2.5, d)
describe(a, "a white cup on a dark saucer, with a spoon, on a wooden table.")
describe(b, "left ends of bright things are orange, right ends are blue; the top and bottom of the rim are missing.")
describe(c, "tops of bright things are orange, bottoms blue; the left and right ends of the rim are missing.")
describe(d, "all outlines are bright on black; the right and lower border of the picture is bright, too.")
plt.show()

# %% [markdown]
# At the left end of the rim it gets brighter: orange. Now look at the right border of the second picture: a blue line, where the table goes on. *There is no edge!* The zeros around the picture are black, so it seems to end in a fall. **Padding makes edges**, at every border.
#
# **Exercise 03.edge_kernel** (core, 5 minutes; objective: design a kernel by laws). *Give a 3 x 3 kernel with weights of your own, no multiple of those above, that (1) gives 0 on a flat wall, however bright, (2) gives 0 on everything that changes only from top to bottom, (3) gives a positive number where it gets brighter to the right.*

# %% tags=["exercise", "03.edge_kernel"]
### BEGIN SOLUTION
edge_kernel = torch.tensor([[-1.0, 0, 1], [-3, 0, 3], [-1, 0, 1]])
### END SOLUTION

# %% tags=["check", "03.edge_kernel"]
check("03.edge_kernel", edge_kernel)

# %% [markdown]
# ## 4 · How large is the answer?
#
# Three settings change how a window walks:
# - **stride**: how far it steps; 2 takes every second place,
# - **padding**: how many zeros stand on *each* side,
# - **dilation**: how far its weights stand apart; 2 leaves one pixel between neighbors, so 3 weights reach over 5 pixels.
#
# The first window stands at the left end. Each whole step into the pixels that are left over on its right is one place more:
#
# $$\text{places} = \left\lfloor \frac{\text{size} + 2 \cdot \text{padding} - \text{reach}}{\text{stride}} \right\rfloor + 1, \qquad \text{reach} = \text{dilation} \cdot (\text{kernel} - 1) + 1$$
#
# **Predict.** *17 pixels, kernel 5, stride 3, padding 1. How many places? In your head!*

# %%
guess("03.seventeen", ...)

# %%
counted = len(range(0, 17 + 2 * 1 - 5 + 1, 3))     # the starts 0, 3, 6, ... up to the last one that fits
assert counted == output_size(17, 5, stride=3, padding=1) == 5
gap("03.seventeen", counted)

# %% [markdown]
# **Exercise 03.output_size** (core, 6 minutes; objective: derive the size of any result). *One axis; all five numbers are given.*

# %% tags=["exercise", "03.output_size"]
def places_of(size, kernel_size, stride, padding, dilation):
    """Return at how many places a window stands, an int."""
    ### BEGIN SOLUTION
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1
    ### END SOLUTION

# %% tags=["check", "03.output_size"]
check("03.output_size", places_of)

# %% [markdown]
# In segmentation the answer must also lie *over* the picture: the first window's center on the first pixel, the last one's on the last.
#
# **Exercise 03.aligned** (core, 4 minutes; objective: choose settings from the places of the centers). *Reach the goal by sliders or arrow keys.* (`ArithmeticExplorer()` has more puzzles.)

# %% tags=["data"]
GOAL = Goal(
    "17 -> 9 with the first window's center on pixel 0 and the last one's on pixel 16.",
    (("output", "==", 9), ("first_center", "==", 0), ("last_center", "==", 16)), at=(("size", 17),),
)
sizes = ArithmeticExplorer(goal=GOAL)

# %% tags=["exercise", "03.aligned"]
### BEGIN SOLUTION
sizes.stride, sizes.padding = 2, 1
### END SOLUTION
sizes

# %% tags=["check", "03.aligned"]
check("03.aligned", sizes)

# %% [markdown]
# ## 5 · Channels, and groups
#
# On a color picture a kernel has **three planes** of weights, one for each channel, and all products go into *one* sum: one kernel, one map. 16 kernels give 16 maps: the channels of the next layer.
#
# **Predict.** *Which shape has the weight of `nn.Conv2d(3, 16, (3, 5))`? Four numbers.*

# %%
guess("03.weight_shape", ...)

# %% tags=["nbval-check-output"]
gap("03.weight_shape", nn.Conv2d(3, 16, (3, 5)).weight.shape)

# %% [markdown]
# Even a window of **one** pixel is of use: a 1 x 1 convolution mixes channels. With the weights 1, −2, 0 it asks every pixel: *is your red more than twice your green?*

# %%
redness = torch.tensor([1.0, -2, 0]).reshape(1, 3, 1, 1)          # (O, C, kh, kw) = (1, 3, 1, 1)
red = conv2d(cup[None], redness)[0, 0]                            # (200, 300)
assert torch.allclose(red, cup[0] - 2 * cup[1], atol=1e-6)

left, right = panels(2, width=3.6, height=2.6, titles=["Three channels go in", "Three weights find the red saucer"])
show_image(cup, left)
show_values(red, right, signed=True, limit=0.6)
describe(left, "the cup in color: a red saucer with a white cup on a brown table.")
describe(right, "the saucer is the largest orange area; the white cup is blue, and the table fades from pale orange to blue.")
plt.show()

# %% [markdown]
# The last layer of a segmenter does just this: K kernels of 1 x 1 turn its maps into K class scores for every pixel.
#
# **Groups** cut the channels into parts that do not see each other: with `groups=3`, 6 channels become 3 parts of 2, and each output channel sees only the 2 of its part. As many groups as channels is a **depthwise** convolution.
#
# **Exercise 03.parameters** (core, 4 minutes; objective: count the parameters of any layer). *How many numbers does `nn.Conv2d(6, 12, (3, 5), groups=3)` learn, biases included? The pictures have 64 x 96 pixels.*

# %% tags=["exercise", "03.parameters"]
### BEGIN SOLUTION
parameters = 12 * (6 // 3) * 3 * 5 + 12
### END SOLUTION

# %% tags=["check", "03.parameters"]
check("03.parameters", parameters)

# %% [markdown]
# **Exercise 03.groups** (core, 7 minutes; objective: derive what groups leave out). *A layer with groups is an ordinary layer with many weights fixed to zero. Return that layer's weight: `conv2d(x, dense_weight(weight, g))` must equal `conv2d(x, weight, groups=g)`.*

# %% tags=["exercise", "03.groups"]
def dense_weight(weight, groups):
    """Return the weight (O, C, kh, kw) of the layer without groups for a weight (O, C / groups, kh, kw)."""
    ### BEGIN SOLUTION
    outputs, seen = weight.shape[:2]
    dense = weight.new_zeros(outputs, seen * groups, *weight.shape[2:])
    for o in range(outputs):
        first = o // (outputs // groups) * seen
        dense[o, first : first + seen] = weight[o]
    return dense
    ### END SOLUTION

# %% tags=["check", "03.groups"]
check("03.groups", dense_weight)

# %% [markdown]
# **Exercise 03.conv2d** (core, 12 minutes): **step 3, all yours.** *Batch, channels, bias, stride, padding. Loops are welcome; `F.pad` may do the padding, but `F.conv2d` is out of the game.*

# %% tags=["exercise", "03.conv2d"]
def my_conv2d(x, weight, bias, stride, padding):
    """Return (N, O, h, w) of x (N, C, H, W), weight (O, C, kh, kw) and bias (O,); stride and padding are ints."""
    ### BEGIN SOLUTION
    x = F.pad(x, (padding, padding, padding, padding))
    kh, kw = weight.shape[2:]
    height, width = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    result = x.new_zeros(len(x), len(weight), height, width)
    for i in range(height):
        for j in range(width):
            window = x[:, None, :, i * stride : i * stride + kh, j * stride : j * stride + kw]  # (N, 1, C, kh, kw)
            result[:, :, i, j] = (window * weight).sum(dim=(2, 3, 4)) + bias
    return result
    ### END SOLUTION

# %% tags=["check", "03.conv2d"]
check("03.conv2d", my_conv2d)

# %% [markdown]
# ## 6 · Three roads, one number
#
# Loops show what is meant, and are slow. `im2col` copies **every window into a column** of a matrix; then all kernels meet all windows in *one* product of matrices, which is what computers do best. The library is the third road.

# %%
generator = torch.Generator().manual_seed(3)
x = torch.randn(2, 3, 9, 12, dtype=torch.float64, generator=generator)
weight = torch.randn(4, 3, 3, 2, dtype=torch.float64, generator=generator)   # not square, not symmetric

columns = im2col(x, (3, 2), stride=2, padding=1)               # (2, 18, 35): 18 numbers in a window, 35 windows
product = (weight.flatten(1) @ columns).reshape(2, 4, 5, 7)    # (4, 18) @ (18, 35) for each picture
by_library = F.conv2d(x, weight, stride=2, padding=1)
by_loops = conv2d_with_loops(x, weight, stride=2, padding=1)
assert columns.shape == (2, 18, 35)
assert (by_loops - by_library).abs().max() < 1e-12 and (product - by_library).abs().max() < 1e-12

# %% [markdown]
# All three agree. Their times depend on the machine: these ratios were measured once, by `python benchmarks/convolution.py`, not on *your* computer.

# %%
stored = json.loads(Path("../benchmarks/results/convolution.json").read_text(encoding="utf-8"))
roads = {"loops": "loops", "conv2d": "im2col", "torch": "the library"}
print(f"{stored['machine']}, torch {stored['torch']}, {stored['date']}; forward")
for row in stored["rows"]:
    if row["direction"] == "forward":
        images, kernels = (" x ".join(map(str, stored[row["problem"]][part])) for part in ("images", "kernels"))
        print(f"{images} with kernels {kernels}: {roads[row['slower']]} / {roads[row['faster']]} = {row['ratio']:.0f}")

# %% [markdown]
# **Exercise 03.im2col** (stretch, 10 minutes; objective: implement the fast road). *Return the columns (N, C · kh · kw, L), without padding and without `F.unfold`. Windows go left to right, then down. In a column: channel, row, column, as in `weight[o].flatten()`.*

# %% tags=["exercise", "03.im2col"]
def my_columns(x, kernel_size, stride):
    """Return every window of x (N, C, H, W) as a column; kernel_size is a pair (kh, kw), stride an int."""
    ### BEGIN SOLUTION
    (kh, kw), (height, width) = kernel_size, x.shape[2:]
    windows = []
    for y in range(0, height - kh + 1, stride):
        for z in range(0, width - kw + 1, stride):
            windows.append(x[:, :, y : y + kh, z : z + kw].flatten(1))   # (N, C * kh * kw)
    return torch.stack(windows, dim=-1)
    ### END SOLUTION

# %% tags=["check", "03.im2col"]
check("03.im2col", my_columns)

# %% [markdown]
# ## 7 · Experiment: the camera moves, does the answer move along?
#
# If the picture moves, the answer should move by the same amount, and not change otherwise: **equivariance**. The lamp needed it. We slide random detectors over drawn streets, move the streets, and compare: 0 is the very same answer, 1 a change as large as the answer itself.
#
# **Hypothesis 1.** With stride 1, it holds for every movement. **Hypothesis 2.** With stride s, it holds only for movements by multiples of s. **Hypothesis 3.** Blurring before the stride helps. **Hypothesis 4.** Larger kernels suffer less. *Which do you believe?*

# %%
SEEDS, SCENES, MARGIN, SHIFTS = (0, 1, 2), 6, 12, range(9)    # nothing within MARGIN of the border is compared
LAYERS = {                                                    # name: kernel size, stride, blurred before the stride?
    "3 x 3, stride 1": (3, 1, False), "3 x 3, stride 2": (3, 2, False), "3 x 3, stride 4": (3, 4, False),
    "7 x 7, stride 2": (7, 2, False), "3 x 3, blur, stride 2": (3, 2, True),
}
worlds = [torch.stack([street for street, _ in DrawnStreets(SCENES, seed=seed)]).double() for seed in SEEDS]


def answer(pictures, weight, stride, blur):
    """Return the maps (N, 8, h, w) of 8 detectors; a blurred layer smooths them before it steps."""
    maps = conv2d(pictures, weight, padding=weight.shape[-1] // 2)
    if blur:
        maps = conv2d(maps, KERNELS["gaussian"].double().expand(8, 1, 3, 3), padding=1, groups=8)
    return maps[..., ::stride, ::stride]

# %%
def change(before, after, shift, stride):
    """Return how far `after` is from `before`, moved by whole steps in the best of the two ways there are."""
    edge, width = MARGIN // stride, before.shape[-1]
    seen = after[..., edge : width - edge]                    # away from the border
    moves = {shift // stride, -(-shift // stride)}            # rounded down, and up
    should = [before[..., edge - m : width - edge - m] for m in moves]
    return min(float((seen - s).norm() / s.norm()) for s in should)


table = {}
for name, (size, stride, blur) in LAYERS.items():
    rows = []
    for seed, streets in zip(SEEDS, worlds, strict=True):
        weight = torch.randn(8, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        weight -= weight.mean(dim=(1, 2, 3), keepdim=True)    # detectors: a flat wall gives 0
        before = answer(streets, weight, stride, blur)
        rows.append([change(before, answer(streets.roll(s, -1), weight, stride, blur), s, stride) for s in SHIFTS])
    table[name] = torch.tensor(rows)                          # (seeds, shifts)

print("change of the answer, mean and spread over 3 seeds, when the street moves by\n")
print(f"{'':24}" + "".join(f"{f'{shift} px':>13}" for shift in range(1, 5)))
for name, rows in table.items():
    mean, spread = rows.mean(0), rows.std(0)
    print(f"{name:24}" + "".join(f"{f'{mean[s]:.2f} ± {spread[s]:.2f}':>13}" for s in range(1, 5)))

# %%
ax = panels(1, titles=["Only multiples of the stride leave the answer as it is"], width=6.4, height=3)[0]
for stride, mark, color in ((1, "o", "#005ab2"), (2, "s", "#d54600"), (4, "D", "#00795a")):
    ax.plot(SHIFTS, table[f"3 x 3, stride {stride}"].mean(0), mark + "-", color=color, lw=1, label=f"stride {stride}")
ax.set(xlabel="pixels that the street moves by", ylabel="change of the answer", xticks=SHIFTS, ylim=(-0.05, 1.05))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
describe(ax, "stride 1 stays at 0; stride 2 is 0 at even movements only, stride 4 at 0, 4 and 8 only.")
plt.show()

mean, spread = ({name: f(rows, 0) for name, rows in table.items()} for f in (torch.mean, torch.std))
one, two, four, large, soft = (mean[name] for name in LAYERS)
assert one.max() < 1e-12                                                          # hypothesis 1: yes
assert two[::2].max() < 1e-12 and four[::4].max() < 1e-12                         # hypothesis 2: yes,
assert two[1::2].min() > 0.5 and min(four[1:4].min(), four[5:8].min()) > 0.5      # and far from equal elsewhere
assert 0.3 < soft[1] < 0.6 and two[1] - soft[1] > 5 * spread["3 x 3, blur, stride 2"][1]    # hypothesis 3: yes
assert 0 < two[1] - large[1] < 5 * spread["7 x 7, stride 2"][1]                   # hypothesis 4: cannot tell

# %% [markdown]
# **Verdict.** With stride 1 the answer moves along, exactly. With stride 2, a movement by one pixel changes more than half of it; by two, nothing. Blurring first helps by more than five times the spread over seeds. Larger kernels suffered a little less, but by less than five spreads: *three seeds cannot tell*.
#
# **Exercise 03.break_shift** (break it, 5 minutes; objective: build an input that makes a test fail). *The author of this layer claims that its answer moves by half of what the row moves. The test passes. Give a row of 2, 4, 6 or 8 numbers (a tensor) and a shift for which it fails.*

# %% tags=["data"]
def layer(row):
    """Blur a row of numbers on a circle, and keep every second place."""
    weight = torch.tensor([[[1.0, 2, 1]]])
    return F.conv1d(F.pad(row[None, None].float(), (1, 1), mode="circular"), weight, stride=2)[0, 0]


def holds(row, shift):
    return torch.equal(layer(row.roll(shift)), layer(row).roll(shift // 2))


assert holds(torch.tensor([1.0, 0, 9, 0, 0, 3]), 2)    # the author's test

# %% tags=["exercise", "03.break_shift"]
### BEGIN SOLUTION
row = torch.tensor([1.0, 0, 9, 0, 0, 3])
shift = 1
### END SOLUTION
breaks_it = row, shift

# %% tags=["check", "03.break_shift"]
check("03.break_shift", breaks_it)

# %% [markdown]
# ## 8 · Your own picture
#
# **Exercise 03.own_image** (transfer, 10 minutes). *Choose something in a picture of your own: a frame, a cable, a spot. Write a kernel of odd size that adds up to 0 and answers to it. Give the gray picture (H, W), the kernel, and its answer of the same size.* Without one, take the cup. To look: `show_values(own_answer, signed=True)`.

# %% tags=["data"]
own_gray = gray                                        # or: read_image("your picture.png").mean(dim=0)

# %% tags=["exercise", "03.own_image"]
### BEGIN SOLUTION
own_kernel = KERNELS["laplacian"]
own_answer = conv2d(own_gray[None, None], own_kernel[None, None], padding=1)[0, 0]
### END SOLUTION
own = own_gray, own_kernel, own_answer

# %% tags=["check", "03.own_image"]
check("03.own_image", own)

# %% [markdown]
# ## What stays
#
# 1. Multiply a small window by its weights, add up, move on: the same weights everywhere.
# 2. Deep learning does not flip; scipy does. Only an asymmetric kernel shows it.
# 3. places = ⌊(size + 2 · padding − reach) / stride⌋ + 1, with reach = dilation · (kernel − 1) + 1.
# 4. A weight is (O, C / groups, kh, kw), plus O biases. The size of the picture does not occur.
# 5. Stride 1 moves along with the picture, a larger one only for its multiples; padding makes edges.
#
# **You can now** compute one number by hand and count parameters (03.parameters), implement convolution three times (03.add_shifts, 03.conv2d, 03.im2col), derive sizes (03.output_size, 03.aligned), design kernels by laws (03.move_left, 03.edge_kernel, 03.own_image), and diagnose flips, padding's edges (section 3) and lost equivariance (03.flip, 03.break_shift).
#
# | If you see ... | suspect ... |
# |---|---|
# | all signs reversed, or everything moved the wrong way | a flipped kernel: scipy, or a book |
# | a line along the border | zeros of the padding |
# | an answer that is one pixel too small or too large | a forgotten + 1, or padding added once instead of twice |
# | a map that lies half a pixel beside the picture | an even kernel |
# | a result that is right on square pictures only | swapped rows and columns |
# | scores that jump when the camera moves by one pixel | strides without blurring |
#
# **Glossary.** convolution 卷积 · correlation 互相关 · kernel 卷积核 · window 窗口 · stride 步幅 · padding 填充 · dilation 空洞（膨胀） · channel 通道 · groups 分组 · depthwise convolution 深度卷积 · weight sharing 权重共享 · fully connected layer 全连接层 · edge 边缘 · equivariance 等变性 · blur 模糊
#
# **Read next.** Dumoulin, Visin: *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, chapters 1 and 2. And for section 7: Zhang, *Making Convolutional Networks Shift-Invariant Again*, ICML 2019.

# %%
progress()
