"""The samples in data/samples: the files are what the code draws, and our readers read them."""

from pathlib import Path

import pytest
import torch

from seglearn.data.drawn import SPLIT_SEEDS
from seglearn.data.drawn_nuclei import draw_nuclei
from seglearn.data.folders import ImagesAndMasks
from seglearn.data.registry import DATASETS
from seglearn.data.samples import OWN_CAR, SEED, add_bonnet, nuclei_samples, street_samples, write_samples
from seglearn.labels import IGNORE, STREETS

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
REGENERATE = "draw them anew: python -m seglearn.data.samples"



@pytest.mark.parametrize(
    ["world", "draw", "count"],
    [("streets", street_samples, 4), ("nuclei", nuclei_samples, 3)],
)
def test_the_files_hold_what_the_code_draws(world, draw, count):
    stored = ImagesAndMasks(SAMPLES / world)
    assert len(stored) == count
    for (image, mask), (drawn_image, drawn_mask) in zip(stored, draw(), strict=True):
        assert torch.equal(mask, drawn_mask), REGENERATE
        assert (image - drawn_image).abs().mean() < 0.02, REGENERATE  # sine and noise differ a little by platform


def test_samples_are_written_as_files_that_read_back_the_same(tmp_path):
    write_samples(tmp_path)
    for world, draw in (("streets", street_samples), ("nuclei", nuclei_samples)):
        for (image, mask), (drawn_image, drawn_mask) in zip(ImagesAndMasks(tmp_path / world), draw(), strict=True):
            assert torch.equal(mask, drawn_mask)
            assert (image - drawn_image).abs().max() <= 0.5 / 255 + 1e-6


def test_the_readers_accept_the_street_labels_and_meet_void_once():
    stored = ImagesAndMasks(SAMPLES / "streets", labels=STREETS)
    void = [float((mask == IGNORE).float().mean()) for _, mask in stored]
    assert [place for place, share in enumerate(void) if share > 0] == [OWN_CAR]
    assert 0.01 < void[OWN_CAR] < 0.15


def test_samples_are_no_scenes_of_a_split():
    assert SEED not in SPLIT_SEEDS.values()


def test_the_bonnet_hides_the_middle_of_the_lower_edge_and_nothing_above():
    image, ids = draw_nuclei(0, size=(40, 60))
    covered, mask = add_bonnet(image, ids)
    assert (mask[-1, 20:40] == IGNORE).all() and mask[0].ne(IGNORE).all()
    assert torch.equal(covered[:, mask != IGNORE], image[:, mask != IGNORE])
    assert covered.shape == image.shape and covered.dtype == image.dtype
    assert covered.min() >= 0 and covered.max() <= 1


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_its_card(name):
    text = (SAMPLES.parent / "README.md").read_text(encoding="utf-8")
    card = DATASETS[name]
    row = next((line for line in text.splitlines() if line.startswith(f"| `{name}` |")), "")
    assert card.license.split(" (")[0].split(";")[0].split(", ")[0].split(" by its")[0] in row
    assert card.is_at_hand or f"about {card.size_mb:,} MB" in row
    assert f"**`{name}`**" in text
