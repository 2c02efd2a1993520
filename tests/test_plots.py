import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from nbclient import NotebookClient

from seglearn.labels import IGNORE, INK, NUCLEI, STREETS
from seglearn.plots import (
    contact_sheet,
    describe,
    pair_sheet,
    panels,
    picture,
    show_confusion,
    show_errors,
    show_history,
    show_image,
    show_instances,
    show_mask,
    show_overlay,
)

NAN = float("nan")
STYLE_BEFORE = dict(plt.rcParams)
IMAGE = torch.linspace(0, 1, 3 * 5 * 7).reshape(3, 5, 7)
MASK = torch.zeros(5, 7, dtype=torch.int64)
MASK[2:, :] = STREETS.index("road")
MASK[1:4, 2] = STREETS.index("pole")
MASK[4, 5:] = IGNORE
CONFUSION = torch.tensor([[90, 10], [3, 0]])
HISTORY = SimpleNamespace(epoch=[1, 2, 3], loss=[2.0, 1.0, 0.5], val_loss=[2.1, NAN, 0.7], score=[0.1, 0.4, 0.6])

DRAW = {  # every show_*, with its data
    show_image: (IMAGE,),
    show_mask: (MASK, STREETS),
    show_overlay: (IMAGE, MASK, STREETS),
    show_instances: (IMAGE, MASK.clamp(max=9)),
    show_errors: (MASK.clamp(max=7), MASK),
    show_history: (HISTORY,),
    show_confusion: (CONFUSION, NUCLEI),
}
each_drawing = pytest.mark.parametrize("draw", DRAW, ids=lambda draw: draw.__name__)


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def lines_of(ax):
    return [c for c in ax.collections if isinstance(c, LineCollection)]


# --- by hand


def test_an_outline_follows_the_pixel_sides():
    lonely = torch.zeros(3, 4, dtype=torch.int64)
    lonely[1, 2] = 1  # the pixel's square reaches from 1.5 to 2.5 and from 0.5 to 1.5
    ax = show_overlay(torch.zeros(1, 3, 4), lonely, NUCLEI)
    sides = {tuple(sorted(map(tuple, side.tolist()))) for side in np.array(lines_of(ax)[-1].get_segments())}
    assert sides == {
        ((1.5, 0.5), (1.5, 1.5)),
        ((2.5, 0.5), (2.5, 1.5)),
        ((1.5, 0.5), (2.5, 0.5)),
        ((1.5, 1.5), (2.5, 1.5)),
    }


def test_an_outline_wears_the_label_on_a_dark_rim():
    ax = show_overlay(IMAGE, MASK, STREETS)
    rim, *colors = lines_of(ax)
    assert rim.get_linewidth()[0] > colors[0].get_linewidth()[0]
    assert rim.get_color()[0][:3].max() < 0.2
    worn = {tuple(round(255 * float(c)) for c in line.get_color()[0][:3]) for line in colors}
    assert worn == {STREETS.colors[STREETS.index(name)] for name in ("sky", "road", "pole")} | {INK}


def test_masks_wear_the_colors_of_their_labels_and_ignored_pixels_are_hatched():
    ax = show_mask(MASK, STREETS)
    colors, hatch = ax.images
    assert tuple(colors.get_array()[0, 0]) == STREETS.colors[STREETS.index("sky")]
    rgba = hatch.get_array()
    height, width = rgba.shape[:2]
    inside = rgba[height * 4 // 5 :, width * 5 // 7 + 1 :]
    assert inside[..., 3].min() == 1 and len(np.unique(inside[..., 0])) == 2  # two grays: paper and stroke
    assert rgba[: height * 4 // 5, ..., 3].max() == 0  # nothing where nothing is ignored


def test_legends_name_what_is_there_and_nothing_else():
    assert legend_of(show_mask(MASK, STREETS)) == ["sky", "road", "pole", "ignored"]
    assert legend_of(show_overlay(IMAGE, MASK, STREETS)) == ["sky", "road", "pole", "ignored"]
    assert show_mask(MASK, STREETS, legend=False).get_legend() is None


def test_a_background_stays_clear_in_an_overlay():
    mask = torch.tensor([[0, 1, IGNORE]])
    ax = show_overlay(torch.ones(1, 1, 3), mask, NUCLEI)
    tint = ax.images[1].get_alpha()
    assert tint[0, 0] == 0 and tint[0, 1] > 0 and tint[0, 2] == 0
    assert legend_of(ax) == ["nucleus", "ignored"]


def test_few_instances_are_numbered_and_many_are_not():
    assert [t.get_text() for t in show_instances(IMAGE, torch.arange(35).reshape(5, 7)).texts] == [
        str(n) for n in range(1, 35)
    ]
    crowd = torch.arange(70).reshape(7, 10)
    assert len(show_instances(torch.zeros(1, 7, 10), crowd).texts) == 0


def test_errors_are_right_wrong_or_not_asked():
    ax = show_errors(torch.tensor([[0, 1, 1]]), torch.tensor([[0, 0, IGNORE]]))
    assert legend_of(ax) == ["right", "wrong", "ignored"]
    assert "right 33 %, wrong 33 %, ignored 33 %" in ax.figure.alt


@pytest.mark.parametrize(
    ["normalize", "cells"], [("truth", "90 10 100 ·"), ("prediction", "97 100 3 ·"), ("none", "90 10 3 ·")]
)
def test_confusions_show_their_numbers(normalize, cells):
    ax = show_confusion(CONFUSION, NUCLEI, normalize=normalize)
    assert [text.get_text() for text in ax.texts] == cells.split()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["background", "nucleus"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("truth", "prediction")


def test_every_line_of_a_history_is_named_where_it_ends():
    ax = show_history(HISTORY)
    assert [text.get_text() for text in ax.texts] == ["training loss 0.50", "validation loss 0.70", "score 0.60"]
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for a in ax.figure.axes for line in a.lines}) == 3
    assert ax.figure.axes[1].get_ylim() == (0, 1)


def test_names_of_lines_that_end_together_do_not_overlap():
    same = SimpleNamespace(epoch=[1, 2], loss=[1.0, 0.4], val_loss=[1.0, 0.4], score=[0.0, 0.36])
    ax = show_history(same)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


# --- what must not matter


@each_drawing
def test_a_drawing_goes_where_it_is_told_and_keeps_to_one_figure(draw):
    left, right = panels(2)
    assert draw(*DRAW[draw], right, title="a finding") is right
    assert plt.get_fignums() == [right.figure.number]
    assert right.get_title(loc="left") == "a finding"
    assert not left.has_data()


@each_drawing
def test_a_drawing_leaves_its_data_and_the_global_style_alone(draw):
    kept = [thing.clone() if isinstance(thing, torch.Tensor) else thing for thing in DRAW[draw]]
    picture(draw(*DRAW[draw]).figure)
    assert all(torch.equal(a, b) for a, b in zip(kept, DRAW[draw], strict=True) if isinstance(a, torch.Tensor))
    assert dict(plt.rcParams) == STYLE_BEFORE


@each_drawing
def test_a_drawing_speaks(draw):
    ax = draw(*DRAW[draw], title="Look here")
    assert re.fullmatch(r"Look here: \w.+\.", ax.figure.alt)


def test_dim_images_stay_dim():
    assert show_image(torch.full((1, 4, 6), 0.1)).images[0].get_clim() == (0, 1)
    assert show_image(IMAGE).images[0].get_interpolation() == "nearest"


# --- extremes


@pytest.mark.parametrize("mask", [MASK[:1, :1], torch.full((3, 2), IGNORE), MASK.int(), MASK.to(torch.uint8)])
def test_small_and_empty_masks_can_be_drawn(mask):
    image = torch.zeros(1, *mask.shape, requires_grad=True)
    for ax in (show_mask(mask, STREETS), show_overlay(image, mask, STREETS), show_instances(image, mask * 0)):
        assert picture(ax.figure).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "history",
    [
        SimpleNamespace(epoch=[], loss=[], val_loss=[], score=[]),
        SimpleNamespace(epoch=[1], loss=[0.7], val_loss=[None], score=[NAN]),
        SimpleNamespace(epoch=[1, 2], loss=[0.7, 0.5]),
    ],
    ids=["empty", "one-epoch", "loss-only"],
)
def test_short_histories_can_be_drawn(history):
    ax = show_history(history)
    assert len(ax.figure.axes) == 1  # no score, no second axis
    assert picture(ax.figure).startswith(b"\x89PNG")


def test_a_confusion_without_pixels_shows_dashes():
    ax = show_confusion(torch.zeros(2, 2, dtype=torch.int64), NUCLEI)
    assert {text.get_text() for text in ax.texts} == {"–"}


# --- panels, sheets and their words


def test_panels_come_in_reading_order_with_titles_that_fit():
    axes = panels(
        2, 2, titles=["a", "b", "c", "a long title that has to be broken into lines because its panel is small"]
    )
    assert [ax.get_title(loc="left")[:1] for ax in axes] == ["a", "b", "c", "a"]
    axes[0].figure.canvas.draw()
    grid = axes[3].figure
    title = axes[3]._left_title.get_window_extent()
    assert "\n" in axes[3].get_title(loc="left") and title.x1 <= grid.bbox.x1


def test_live_panels_are_unknown_to_pyplot():
    assert panels(2, live=True)[1].figure.alt and plt.get_fignums() == []


def test_contact_sheets_draw_what_there_is_with_one_legend():
    class Pairs:
        labels = STREETS

        def __len__(self):
            return 5

        def __getitem__(self, i):
            return IMAGE, MASK

    axes = contact_sheet(Pairs(), 12, columns=3)
    figure = axes[0].figure
    assert len(axes) == len(figure.axes) == 5
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["sky", "road", "pole", "ignored"]
    assert all(ax.get_legend() is None for ax in axes)


def test_pair_sheets_draw_rows_with_one_legend_and_titles_above():
    axes = pair_sheet([[(IMAGE, MASK)] * 3] * 2, STREETS, titles=["as it is", "mirrored", "farther"])
    assert len(axes) == len(axes[0].figure.axes) == 6
    assert [ax.get_title(loc="left") for ax in axes] == ["as it is", "mirrored", "farther", "", "", ""]
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["sky", "road", "pole", "ignored"]
    for rows, titles in (([], []), ([[]], []), ([[(IMAGE, MASK)], [(IMAGE, MASK)] * 2], []), ([[(IMAGE, MASK)]], "ab")):
        with pytest.raises(ValueError, match="pair_sheet: rows must hold as many pairs as each other"):
            pair_sheet(rows, STREETS, titles=titles)


def test_a_figure_says_titles_and_sentences():
    left, _ = panels(2, titles=["Left", "Right"])
    describe(left, "one thing.")
    left.figure.suptitle("Both")
    assert left.figure.alt == "Both | Left: one thing. | Right"
    assert panels(1)[0].figure.alt == "A figure without words."


def test_a_picture_closes_its_figure():
    assert picture(show_image(IMAGE).figure).startswith(b"\x89PNG") and plt.get_fignums() == []


def test_a_notebook_stores_the_words_beside_the_picture():
    code = (
        "import torch, matplotlib.pyplot as plt\nfrom seglearn.plots import show_image\n"
        "show_image(torch.zeros(1, 2, 3), title='Night')\nplt.show()"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    (output,) = book.cells[0].outputs
    words = "Night: an image, 2 x 3 pixels, mean brightness 0.00."
    assert output.data["text/plain"] == words
    assert output.metadata["image/png"]["alt"] == words
    assert output.data["image/png"].startswith("iVBOR")


# --- errors


@pytest.mark.parametrize(
    ["call", "message"],
    [
        (lambda: show_image(torch.zeros(5, 7, 3)), r"1 or 3 channels, got \(5, 7, 3\)\. Use \.permute\(2, 0, 1\)"),
        (lambda: show_image(torch.zeros(3, 5, 7).byte()), r"floats in \[0, 1\], got torch\.uint8\. Use image / 255"),
        (lambda: show_image(torch.zeros(5, 7)), r"image must have shape \(C, H, W\), got \(5, 7\)"),
        (lambda: show_mask(MASK[None], STREETS), r"mask must have shape .*squeeze\(0\)"),
        (lambda: show_mask(MASK + 3, STREETS), r"labels 0\.\.7 or 255 \(ignored\), got \[10"),
        (lambda: show_overlay(IMAGE[:, :4], MASK, STREETS), r"mask must have shape \(H=4, W=7\), got \(5, 7\)"),
        (lambda: show_confusion(CONFUSION, STREETS), r"confusion must have 8 rows, one per label, got 2"),
        (lambda: show_confusion(CONFUSION, NUCLEI, normalize="rows"), r"normalize must be one of truth, pred"),
        (lambda: panels(2, titles=["one"]), r"one entry per panel \(2\), got 1"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
