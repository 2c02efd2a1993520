"""Files become tensors without a surprise: images in [0, 1], labels as they stand, complaints with file and cure."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader

from seglearn.data import ImagesAndMasks, in_memory, read_image, read_mask, resize_pair, save_mask
from seglearn.labels import CAMVID_PALETTE, IGNORE, INK, NUCLEI, STREETS, VOC

RNG = np.random.default_rng(3)
PICTURE = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)  # (H, W, 3)
LABELS = torch.tensor([[0, 1, 2, 1, 0], [2, 2, 255, 1, 0], [7, 0, 0, 0, 1]])  # (3, 5)


def saved(path, pixels, mode=None):
    picture = Image.fromarray(np.asarray(pixels))
    (picture if mode is None else picture.convert(mode)).save(path)
    return path


# Images, by hand


def test_an_image_is_red_green_blue_by_rows_and_columns_in_0_to_1(tmp_path):
    image = read_image(saved(tmp_path / "a.png", np.uint8([[[0, 0, 0], [0, 0, 0], [255, 0, 51]]])))
    assert image.shape == (3, 1, 3) and image.dtype == torch.float32
    assert image[:, 0, 2].tolist() == pytest.approx([1.0, 0.0, 0.2])


def test_an_image_equals_its_bytes_over_255(tmp_path):
    image = read_image(saved(tmp_path / "a.png", PICTURE))
    assert torch.equal(image, torch.from_numpy(PICTURE).permute(2, 0, 1) / 255)
    assert image.is_contiguous()


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "1", "P", "CMYK"])
def test_every_mode_becomes_the_rgb_that_a_viewer_shows(tmp_path, mode):
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), PICTURE, mode)
    with Image.open(path) as picture:
        viewed = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)
    assert torch.equal(read_image(path), viewed / 255)


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path):
    picture = Image.fromarray(PICTURE).quantize(8)
    picture.save(tmp_path / "a.png", transparency=bytes([0, 128, 255]))
    assert read_image(tmp_path / "a.png").shape == (3, 5, 7)


def test_sixteen_bits_keep_their_depth(tmp_path):
    path = saved(tmp_path / "a.png", np.uint16([[0, 1, 65535]]))
    assert read_image(path)[2, 0].tolist() == pytest.approx([0, 1 / 65535, 1], abs=1e-9)


def test_fractions_are_read_in_0_to_1_and_refused_beyond(tmp_path):
    assert read_image(saved(tmp_path / "a.tif", np.float32([[0.25, 1]])))[1].tolist() == [[0.25, 1.0]]
    with pytest.raises(ValueError, match=r"b\.tif must hold numbers in 0\.\.1 .* from 0 to 7\. Rescale"):
        read_image(saved(tmp_path / "b.tif", np.float32([[0, 7]])))
    with pytest.raises(ValueError, match=r"c\.tif must hold numbers"):
        read_image(saved(tmp_path / "c.tif", np.float32([[0, np.nan]])))


@pytest.mark.parametrize(["orientation", "turn"], [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_photograph_taken_with_a_turned_camera_stands_upright(tmp_path, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PICTURE).save(tmp_path / "a.png", exif=exif)
    upright = torch.from_numpy(PICTURE.copy()).permute(2, 0, 1) / 255
    assert torch.equal(read_image(tmp_path / "a.png"), upright.rot90(turn, (1, 2)))


# Masks, by hand


@pytest.mark.parametrize("mode", ["L", "P"])
def test_labels_are_copied_never_rescaled(tmp_path, mode):
    path = saved(tmp_path / "a.png", LABELS.numpy().astype(np.uint8))
    if mode == "P":
        save_mask(path, LABELS)
    mask = read_mask(path)
    assert mask.dtype == torch.int64 and torch.equal(mask, LABELS)


def test_a_black_and_white_picture_of_one_bit_is_0_and_1(tmp_path):
    path = saved(tmp_path / "a.png", np.uint8([[0, 255, 255]]), "1")
    assert read_mask(path, classes=2).tolist() == [[0, 1, 1]]


def test_sixteen_bit_ids_survive(tmp_path):
    assert read_mask(saved(tmp_path / "a.png", np.uint16([[0, 256, 40000]]))).tolist() == [[0, 256, 40000]]


def test_void_becomes_ignored(tmp_path):
    path = saved(tmp_path / "a.png", np.uint8([[0, 10, 11]]))
    assert read_mask(path, classes=11, void=11).tolist() == [[0, 10, IGNORE]]
    assert read_mask(path, classes=11, void=11, ignore=99).tolist() == [[0, 10, 99]]


def test_a_palette_names_gray_values_or_colors(tmp_path):
    gray = saved(tmp_path / "gray.png", np.uint8([[0, 255]]))
    assert read_mask(gray, palette={0: 0, 255: 1}).tolist() == [[0, 1]]
    color = saved(tmp_path / "color.png", np.uint8([[[128, 0, 0], [0, 0, 0]]]))
    assert read_mask(color, palette=CAMVID_PALETTE, classes=11).tolist() == [[1, IGNORE]]


@pytest.mark.parametrize("labels", [None, STREETS])
def test_what_save_mask_writes_is_read_back_and_shows_colors(tmp_path, labels):
    path = save_mask(tmp_path / "new" / "a.png", LABELS, labels)
    assert torch.equal(read_mask(path, classes=8), LABELS)
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
    assert picture.mode == "P"
    assert shown.getpixel((2, 0)) == (labels or VOC).colors[2]  # column 2, row 0 is label 2
    assert shown.getpixel((2, 1)) == INK


def test_many_ids_are_written_in_sixteen_bits(tmp_path):
    ids = torch.arange(700).reshape(20, 35)
    assert torch.equal(read_mask(save_mask(tmp_path / "a.png", ids), ignore=-1), ids)


# Errors name the file and the cure


def truncated(path):
    saved(path, RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    return path


@pytest.mark.parametrize("reader", [read_image, read_mask])
def test_files_that_cannot_be_read_are_named_with_the_cure(tmp_path, reader):
    with pytest.raises(FileNotFoundError, match=rf"{reader.__name__}: .*gone\.png does not exist\. Give the path"):
        reader(tmp_path / "gone.png")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        reader(tmp_path)
    with pytest.raises(ValueError, match=r"half\.png is cut short or damaged .*Copy or download it again"):
        reader(truncated(tmp_path / "half.png"))
    (tmp_path / "page.png").write_text("<html>404</html>", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.png is not a picture .*download it again"):
        reader(tmp_path / "page.png")
    (tmp_path / "empty.png").touch()
    with pytest.raises(ValueError, match=r"empty\.png is empty"):
        reader(tmp_path / "empty.png")


def test_a_scrambled_file_is_read_or_named_wherever_the_damage_is(tmp_path):
    whole = saved(tmp_path / "a.png", RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)).read_bytes()
    named = 0
    for place in range(len(whole)):
        (tmp_path / "a.png").write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read_image(tmp_path / "a.png").shape[0] == 3
        except ValueError as error:
            assert "a.png is " in str(error)
            named += 1
    assert named > len(whole) // 2


def test_a_mask_in_colors_needs_a_palette(tmp_path):
    path = saved(tmp_path / "a.png", PICTURE)
    with pytest.raises(ValueError, match=r"a\.png must hold one label .* got 3 channels.*palette=.*from_colors"):
        read_mask(path)
    with pytest.raises(ValueError, match=r"a\.png: from_colors: every pixel must have one of the palette's 12 colors"):
        read_mask(path, palette=CAMVID_PALETTE)


def test_labels_out_of_range_name_the_file(tmp_path):
    path = saved(tmp_path / "a.png", LABELS.numpy().astype(np.uint8))
    with pytest.raises(ValueError, match=r"read_mask: .*a\.png: mask must hold labels 0\.\.2 .*got \[7\].*relabel"):
        read_mask(path, classes=3)
    with pytest.raises(ValueError, match=r"a\.png must hold the palette's values \[0, 1\], got \[2, 7, 255\]"):
        read_mask(path, palette={0: 0, 1: 1})


def test_a_mask_of_fractions_or_channels_of_transparency_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"a\.tif must hold integer labels, got fractions\. Round them"):
        read_mask(saved(tmp_path / "a.tif", np.float32([[0, 0.5]])))
    with pytest.raises(ValueError, match=r"b\.png must hold one label per pixel, got mode LA"):
        read_mask(saved(tmp_path / "b.png", PICTURE, "LA"))


def test_a_mask_as_jpeg_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.jpg is a JPEG, which blends .*PNG"):
        read_mask(saved(tmp_path / "a.jpg", np.uint8([[0, 1]])))


def test_a_mask_of_0_and_255_is_not_silently_ignored(tmp_path):
    path = saved(tmp_path / "a.png", np.uint8([[0, 255]]))
    with pytest.raises(ValueError, match=r"a\.png holds only 0 and 255.*palette=\{0: 0, 255: 1\}"):
        read_mask(path, classes=2)
    assert read_mask(path, palette={0: 0, 255: 255}, classes=2).tolist() == [[0, IGNORE]]


def test_what_cannot_be_kept_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"save_mask: mask must have shape \(H, W\)"):
        save_mask(tmp_path / "a.png", LABELS[None])
    with pytest.raises(ValueError, match=r"labels 0\.\.1 or 255 .*got \[2, 7\]"):
        save_mask(tmp_path / "a.png", LABELS, NUCLEI)
    with pytest.raises(ValueError, match="kept as PNG, got a.jpg"):
        save_mask(tmp_path / "a.jpg", LABELS)
    assert not list(tmp_path.iterdir())


# Resizing


@pytest.mark.parametrize("size", [(2, 3), (7, 5), (1, 1), (6, 10), (13, 4)])
def test_resizing_equals_torch_and_invents_no_label(size):
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(3, 6, 10, generator=generator)
    mask = torch.randint(0, 2, (6, 10), generator=generator) * 200 + 5
    small, labels = resize_pair(image, mask, size)
    nearest = F.interpolate(mask[None, None].double(), size, mode="nearest-exact")[0, 0].long()
    bilinear = F.interpolate(image[None], size, mode="bilinear", antialias=True, align_corners=False)[0]
    assert torch.equal(labels, nearest) and set(labels.unique().tolist()) <= {5, 205}
    torch.testing.assert_close(small, bilinear.clamp(0, 1))
    assert labels.dtype == torch.int64 and small.shape == (3, *size)


def test_a_label_sits_where_its_pixel_sits_after_resizing():
    """Image and mask of one edge, made half as large: the edge must stay in one place for both."""
    image = torch.zeros(3, 4, 8)
    image[:, :, 4:] = 1
    small, labels = resize_pair(image, (image[0] > 0.5).long(), (2, 4))
    assert torch.equal((small[0] > 0.5).long(), labels)
    assert labels[0].tolist() == [0, 0, 1, 1]


def test_the_same_size_changes_nothing():
    image, mask = torch.rand(3, 5, 7), torch.randint(0, 9, (5, 7))
    same, labels = resize_pair(image, mask, (5, 7))
    assert torch.equal(same, image) and torch.equal(labels, mask)


# Your own folder


def own(folder, sizes=((5, 7), (5, 7), (5, 7))):
    """A folder of pictures a, b, c and their masks."""
    (folder / "images").mkdir(parents=True)
    for name, (height, width) in zip("abc", sizes, strict=True):
        ending = "jpg" if name == "b" else "png"
        saved(folder / "images" / f"{name}.{ending}", np.full((height, width, 3), 80, np.uint8))
        save_mask(folder / "labels" / f"{name}.png", torch.full((height, width), "abc".index(name)))
    return folder


def test_a_folder_of_pictures_is_a_data_set(tmp_path):
    pictures = ImagesAndMasks(own(tmp_path / "mine"), labels=STREETS)
    assert len(pictures) == 3 and pictures.labels is STREETS and pictures.name == "mine"
    assert "mine" in pictures.credit
    image, mask = pictures[1]
    assert image.shape == (3, 5, 7) and mask.unique().tolist() == [1]
    assert image.mean().item() == pytest.approx(80 / 255, abs=0.01)
    images, masks = next(iter(DataLoader(in_memory(pictures), batch_size=3, num_workers=0)))
    assert images.shape == (3, 3, 5, 7) and masks[:, 0, 0].tolist() == [0, 1, 2]


def test_what_systems_leave_in_folders_is_passed_over(tmp_path):
    own(tmp_path)
    for name in (".DS_Store", "Thumbs.db", "._a.png", "notes.txt"):
        (tmp_path / "images" / name).touch()
    assert len(ImagesAndMasks(tmp_path)) == 3


def test_a_split_is_a_list_of_names(tmp_path):
    own(tmp_path)
    (tmp_path / "val.txt").write_text("c\na\n", encoding="utf-8")
    assert [image.stem for image, _ in ImagesAndMasks(tmp_path, split="val").pairs] == ["c", "a"]
    with pytest.raises(FileNotFoundError, match=r"train\.txt does not exist\. Write it: one name"):
        ImagesAndMasks(tmp_path, split="train")
    (tmp_path / "val.txt").write_text("d", encoding="utf-8")
    with pytest.raises(ValueError, match=r"val\.txt: name must be one of a, b, c, got 'd'"):
        ImagesAndMasks(tmp_path, split="val")


def test_an_image_without_a_mask_and_a_mask_without_an_image_are_named(tmp_path):
    own(tmp_path)
    (tmp_path / "labels" / "b.png").rename(tmp_path / "b.png")
    with pytest.raises(ValueError, match=r"b in .*images has no mask of that name in .*labels\. Add it"):
        ImagesAndMasks(tmp_path)
    (tmp_path / "b.png").rename(tmp_path / "labels" / "b.png")
    (tmp_path / "images" / "a.png").unlink()
    with pytest.raises(ValueError, match=r"a in .*labels has no image of that name in .*images"):
        ImagesAndMasks(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path):
    own(tmp_path)
    saved(tmp_path / "images" / "a.jpg", PICTURE)
    with pytest.raises(ValueError, match=r"a\.jpg and a\.png share a name"):
        ImagesAndMasks(tmp_path)


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"images does not exist\. Make it"):
        ImagesAndMasks(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    with pytest.raises(ValueError, match="holds no pictures"):
        ImagesAndMasks(tmp_path)


def test_a_mask_of_another_size_is_named(tmp_path):
    own(tmp_path)
    save_mask(tmp_path / "labels" / "c.png", torch.zeros(5, 6, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"the mask .*c\.png has 5x6 pixels, its image .*c\.png has 5x7\. Draw or"):
        ImagesAndMasks(tmp_path)


def test_pictures_of_different_sizes_need_a_size(tmp_path):
    own(tmp_path, sizes=((5, 7), (5, 7), (3, 4)))
    with pytest.raises(ValueError, match=r"c\.png has 3x4 pixels and a\.png has 5x7.*size=\(height, width\)"):
        ImagesAndMasks(tmp_path)
    assert [mask.shape for _, mask in ImagesAndMasks(tmp_path, size=(2, 3))] == [(2, 3)] * 3
    assert ImagesAndMasks(tmp_path, mixed_sizes=True)[2][1].shape == (3, 4)


def test_a_turned_photograph_matches_its_upright_mask(tmp_path):
    own(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((7, 5, 3), np.uint8)).save(tmp_path / "images" / "a.png", exif=exif)
    image, mask = ImagesAndMasks(tmp_path)[0]
    assert image.shape == (3, 5, 7) and mask.shape == (5, 7)


def test_a_bad_label_in_your_folder_is_named(tmp_path):
    own(tmp_path)
    with pytest.raises(ValueError, match=r"c\.png: mask must hold labels 0\.\.1 or 255 \(ignored\), got \[2\]"):
        _ = ImagesAndMasks(tmp_path, labels=NUCLEI)[2]


def test_black_and_white_masks_are_read_with_a_palette(tmp_path):
    own(tmp_path)
    for name in "abc":
        saved(tmp_path / "labels" / f"{name}.png", np.uint8([[0, 255, 0, 255, 0, 255, 0]] * 5))
    assert ImagesAndMasks(tmp_path, labels=NUCLEI, palette={0: 0, 255: 1})[0][1][0].tolist() == [0, 1, 0, 1, 0, 1, 0]


def test_a_damaged_image_in_your_folder_is_named(tmp_path):
    own(tmp_path)
    (tmp_path / "images" / "a.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"a\.png is not a picture"):
        ImagesAndMasks(tmp_path)
