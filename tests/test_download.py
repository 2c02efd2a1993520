"""A download is whole and right, or it is not there: shown on a server that misbehaves."""

import errno
import hashlib
import io
import random
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seglearn.data import download
from seglearn.data.download import DownloadError, download_file
from seglearn.data.unpack import fetch_folder, unpack, whole_folder

FILE = random.Random(5).randbytes(300_007)
OTHER = random.Random(7).randbytes(200_003)
SHA256 = "sha256:" + hashlib.sha256(FILE).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves `server.body` in the way that `server.mode` says; good manners are the mode ""."""

    def do_GET(self):
        server = self.server
        server.asked.append({key: self.headers[key] for key in ("Range", "If-Range") if key in self.headers})
        if server.mode == "silent":
            server.released.wait()
            return
        if server.mode in ("404", "500"):
            self.send_error(int(server.mode))
            return
        if server.mode == "moved" and self.path != "/new":
            self.send_response(302)
            self.send_header("Location", "/new")
            self.end_headers()
            return
        start = self.start_of_answer()
        if start > len(server.body):
            self.send_error(416)
            return
        self.send_head(start)
        self.send_body(server.body[start:])

    def start_of_answer(self):
        """Return where the answer starts: at the byte asked for, if this is still the file that the asker knows."""
        wanted, known = self.headers["Range"], self.headers["If-Range"]
        if wanted and self.server.mode != "ignores-range" and known == self.server.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            return start + 1 if self.server.mode == "other-piece" else start
        return 0

    def send_head(self, start):
        server, length = self.server, len(self.server.body)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{length - 1}/{length}")
        if server.mode != "no-length":
            self.send_header("Content-Length", str(length - start))
        if server.tag:
            self.send_header("Last-Modified" if server.tag.endswith("GMT") else "ETag", server.tag)
        self.end_headers()

    def send_body(self, body):
        if self.server.mode in ("cut", "stalls", "no-length"):
            body = body[: len(body) // 2]
        self.wfile.write(body)
        self.server.sent.append(len(body))
        if self.server.mode == "stalls":
            self.wfile.flush()
            self.server.released.wait()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A web server on this machine that serves FILE; a test sets its `mode`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.body, server.tag, server.mode = FILE, '"v1"', ""
        server.asked, server.sent, server.released = [], [], threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}/file.bin"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def get(server, path, **options):
    return download_file(server.url, path, **{"progress": False, "timeout_s": 20.0, **options})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# By hand


def test_the_file_arrives_as_it_is_and_alone(server, tmp_path):
    path = get(server, tmp_path / "new" / "file.bin", size=len(FILE), checksum=SHA256)
    assert path.read_bytes() == FILE
    assert names(tmp_path / "new") == ["file.bin"]


def test_a_file_that_is_there_and_right_is_not_fetched_again(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(FILE)
    get(server, tmp_path / "file.bin", checksum=SHA256)
    assert server.asked == []


def test_a_file_that_is_there_and_wrong_is_replaced(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(OTHER)
    assert get(server, tmp_path / "file.bin", checksum=SHA256).read_bytes() == FILE


def test_md5_is_understood_for_sets_that_publish_it(server, tmp_path):
    get(server, tmp_path / "file.bin", checksum="md5:" + hashlib.md5(FILE).hexdigest())
    with pytest.raises(DownloadError, match="md5"):
        get(server, tmp_path / "again.bin", checksum="md5:" + hashlib.md5(OTHER).hexdigest())


def test_a_redirect_is_followed(server, tmp_path):
    server.mode = "moved"
    assert get(server, tmp_path / "file.bin", checksum=SHA256).read_bytes() == FILE


def test_progress_is_shown_on_request_only(server, tmp_path, capsys):
    get(server, tmp_path / "quiet.bin")
    assert capsys.readouterr().err == ""
    get(server, tmp_path / "loud.bin", progress=True)
    assert "loud.bin: 100%" in capsys.readouterr().err


# A cut connection


@pytest.mark.parametrize("tag", ['"v1"', "Sun, 22 Nov 2026 08:00:00 GMT"], ids=["etag", "date"])
def test_after_a_cut_the_second_try_asks_only_for_the_rest(server, tmp_path, tag):
    server.mode, server.tag = "cut", tag
    with pytest.raises(DownloadError, match=r"cut after 0\.2 MB of 0\.3 MB\. Call again"):
        get(server, tmp_path / "file.bin")
    half = len(FILE) // 2
    assert names(tmp_path) == ["file.bin.part", "file.bin.part.tag"]
    assert (tmp_path / "file.bin.part").stat().st_size == half

    server.mode = ""
    assert get(server, tmp_path / "file.bin", checksum=SHA256).read_bytes() == FILE
    assert server.asked == [{}, {"Range": f"bytes={half}-", "If-Range": tag}]
    assert server.sent == [half, len(FILE) - half]
    assert names(tmp_path) == ["file.bin"]


def test_three_cuts_in_a_row_still_make_one_file(server, tmp_path):
    server.mode = "cut"
    for _ in range(3):
        with pytest.raises(DownloadError, match="cut after"):
            get(server, tmp_path / "file.bin")
    server.mode = ""
    assert get(server, tmp_path / "file.bin", size=len(FILE)).read_bytes() == FILE
    assert len(server.asked) == 4 and sum(server.sent) == len(FILE)


@pytest.mark.parametrize("mode", ["ignores-range", "changed", "untagged"])
def test_a_server_that_cannot_resume_sends_the_whole_file(server, tmp_path, mode):
    server.mode = "cut"
    server.tag = "" if mode == "untagged" else '"v1"'
    with pytest.raises(DownloadError):
        get(server, tmp_path / "file.bin")
    server.mode = mode
    server.body, server.tag = (OTHER, '"v2"') if mode == "changed" else (FILE, server.tag)
    assert get(server, tmp_path / "file.bin").read_bytes() == server.body
    assert ("Range" in server.asked[1]) == (mode != "untagged")


def test_a_weak_tag_is_no_ground_to_resume_on(server, tmp_path):
    server.mode, server.tag = "cut", 'W/"v1"'
    with pytest.raises(DownloadError):
        get(server, tmp_path / "file.bin")
    server.mode = ""
    get(server, tmp_path / "file.bin", checksum=SHA256)
    assert server.asked == [{}, {}]


def test_another_piece_than_asked_for_is_refused_and_forgotten(server, tmp_path):
    server.mode = "cut"
    with pytest.raises(DownloadError):
        get(server, tmp_path / "file.bin")
    server.mode = "other-piece"
    with pytest.raises(DownloadError, match="another piece"):
        get(server, tmp_path / "file.bin")
    assert names(tmp_path) == []
    assert get(server, tmp_path / "file.bin").read_bytes() == FILE


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(FILE + b"too much")
    (tmp_path / "file.bin.part.tag").write_text('"v1"', encoding="utf-8")
    assert get(server, tmp_path / "file.bin").read_bytes() == FILE
    assert ["Range" in asked for asked in server.asked] == [True, False]


def test_a_cut_that_no_length_gives_away_is_caught_by_size_or_checksum(server, tmp_path):
    server.mode = "no-length"
    with pytest.raises(DownloadError, match=f"150003 bytes instead of {len(FILE)}"):
        get(server, tmp_path / "file.bin", size=len(FILE))
    with pytest.raises(DownloadError, match="sha256"):
        get(server, tmp_path / "file.bin", checksum=SHA256)
    assert names(tmp_path) == []


# Wrong bytes, refusals, silence


def test_wrong_bytes_leave_nothing_and_a_second_try_works(server, tmp_path):
    server.body = OTHER
    with pytest.raises(DownloadError, match=r"file\.bin sent a file with sha256 .* instead of .*try again"):
        get(server, tmp_path / "file.bin", checksum=SHA256)
    assert names(tmp_path) == []
    server.body = FILE
    assert get(server, tmp_path / "file.bin", checksum=SHA256).read_bytes() == FILE


def test_a_failed_download_leaves_an_older_file_alone(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(b"old")
    server.body = OTHER
    with pytest.raises(DownloadError):
        get(server, tmp_path / "file.bin", checksum=SHA256)
    assert (tmp_path / "file.bin").read_bytes() == b"old"


@pytest.mark.parametrize(
    ["mode", "words"], [("404", "404 Not Found. The file may have moved"), ("500", "500 .*Try again later")]
)
def test_a_refusal_is_named_and_leaves_nothing(server, tmp_path, mode, words):
    server.mode = mode
    with pytest.raises(DownloadError, match=words + ".*drawn data"):
        get(server, tmp_path / "file.bin")
    assert names(tmp_path) == []
    server.mode = ""
    assert get(server, tmp_path / "file.bin").read_bytes() == FILE


@pytest.mark.parametrize("mode", ["silent", "stalls"], ids=["before-the-answer", "in-mid-file"])
def test_a_stalled_connection_ends_and_a_second_try_works(server, tmp_path, mode):
    server.mode = mode
    with pytest.raises(DownloadError, match=r"silent for 0\.3 s\. Call again"):
        get(server, tmp_path / "file.bin", timeout_s=0.3)
    assert not (tmp_path / "file.bin").exists()
    server.mode = ""
    assert get(server, tmp_path / "file.bin", checksum=SHA256).read_bytes() == FILE


def test_no_server_at_all_points_to_the_offline_data(server, tmp_path):
    server.shutdown()
    server.socket.close()
    with pytest.raises(DownloadError, match=r"no connection to http://127.*Offline, use the drawn data"):
        get(server, tmp_path / "file.bin")


# A full disk


def test_too_little_space_is_said_before_the_first_byte(server, tmp_path, monkeypatch):
    usage = download.shutil.disk_usage(tmp_path)._replace(free=200_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"0\.2 MB free, 0\.3 MB are needed.*SEGLEARN_DATA"):
        get(server, tmp_path / "file.bin")
    assert names(tmp_path) == []


def test_a_disk_that_fills_up_on_the_way_is_named(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "_chunks", full)
    with pytest.raises(DownloadError, match="the disk is full at .*SEGLEARN_DATA"):
        get(server, tmp_path / "file.bin")
    assert not (tmp_path / "file.bin").exists()


# Archives


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files, links=()):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return path


PACKERS = pytest.mark.parametrize(["packer", "name"], [(zipped, "a.zip"), (tarred, "a.tar.gz")], ids=["zip", "tar"])
FILES = {"top-1/README": b"no", "top-1/Set/train.txt": b"a b", "top-1/Set/train/a.png": FILE}


@PACKERS
def test_an_archive_is_unpacked_below_a_folder_of_it(tmp_path, packer, name):
    archive = packer(tmp_path / name, FILES)
    assert unpack(archive, tmp_path / "set", below="Set", progress=False) == 2
    assert (tmp_path / "set" / "train" / "a.png").read_bytes() == FILE
    assert names(tmp_path / "set") == ["train", "train.txt"]
    assert unpack(archive, tmp_path / "all", progress=False) == 3


@PACKERS
@pytest.mark.parametrize("bad", ["../evil", "a/../../evil", "/evil", "a\\..\\..\\evil", "C:/evil"])
def test_an_archive_cannot_write_outside_its_folder(tmp_path, packer, name, bad):
    archive = packer(tmp_path / name, {bad: b"evil"})
    with pytest.raises(DownloadError, match="outside its folder"):
        unpack(archive, tmp_path / "deep" / "set", progress=False)
    assert not list(tmp_path.rglob("evil*"))


def test_links_in_an_archive_are_left_out(tmp_path):
    archive = tarred(tmp_path / "a.tar.gz", {"Set/a.txt": b"a"}, links=[("Set/away", "../../..")])
    assert unpack(archive, tmp_path / "set", progress=False) == 1
    assert names(tmp_path / "set" / "Set") == ["a.txt"]


@PACKERS
@pytest.mark.parametrize("damage", ["cut", "page"])
def test_a_damaged_archive_is_named(tmp_path, packer, name, damage):
    archive = packer(tmp_path / name, FILES)
    content = archive.read_bytes()
    archive.write_bytes({"cut": content[: len(content) // 2], "page": b"<html>sorry</html>"}[damage])
    with pytest.raises(DownloadError, match=f"{name} is damaged or no archive .*Fetch it again"):
        unpack(archive, tmp_path / "set", progress=False)


def test_scrambled_bytes_in_a_zip_are_found_by_its_own_checksums(tmp_path):
    """A tar archive has none; the ones that we fetch come with a checksum of the whole."""
    archive = zipped(tmp_path / "a.zip", FILES)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 255
    archive.write_bytes(content)
    with pytest.raises(DownloadError, match="damaged"):
        unpack(archive, tmp_path / "set", progress=False)


def test_a_folder_is_whole_or_not_there(tmp_path):
    folder = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt), whole_folder(folder) as fresh:
        (fresh / "half").write_bytes(b"half")
        assert not folder.exists()
        raise KeyboardInterrupt
    assert names(tmp_path) == []
    for content in (b"first", b"second"):
        with whole_folder(folder) as fresh:
            (fresh / "all").write_bytes(content)
    assert names(tmp_path) == ["set"] and (folder / "all").read_bytes() == b"second"
    with pytest.raises(ValueError), whole_folder(folder) as fresh:
        raise ValueError
    assert (folder / "all").read_bytes() == b"second"


def test_a_set_is_fetched_checked_and_tidied_up(server, tmp_path):
    server.body = zipped(tmp_path / "a.zip", FILES).read_bytes()
    root = tmp_path / "root"

    def refuse(folder):
        assert (folder / "train.txt").exists()
        raise DownloadError("not all there")

    with pytest.raises(DownloadError, match="not all there"):
        fetch_folder(root / "set", [(server.url, None)], below="Set", check=refuse)
    assert names(root) == ["downloads"] and names(root / "downloads") == []

    with pytest.raises(KeyboardInterrupt):
        fetch_folder(root / "set", [(server.url, None)], below="Set", check=_interrupt)
    assert names(root) == ["downloads"] and names(root / "downloads") == ["set-file.bin"]

    assert fetch_folder(root / "set", [(server.url, None)], below="Set", check=lambda folder: None) == root / "set"
    assert len(server.asked) == 2  # the archive that the interrupt left was used
    assert names(root / "set") == ["train", "train.txt"] and names(root / "downloads") == []


def _interrupt(folder):
    raise KeyboardInterrupt
