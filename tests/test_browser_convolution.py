"""Chapter 03's explorables in a real browser: the same numbers in both languages, keys, the mouse, files, puzzles."""

import base64
import io
from contextlib import closing

import numpy as np
import pytest
from browsing import (
    Notebook,
    assert_kernel_agrees,
    assert_python_agrees,
    javascript_module,
    report_latency,
    shown,
    text_of,
    wait_for_fact,
    write_notebook,
)
from PIL import Image

from seglearn.exercises.ch03.explored import ALIGNED
from seglearn.widgets import ArithmeticExplorer, ConvolutionExplorer, convolution_explorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = [
    "from seglearn.widgets import ArithmeticExplorer, ConvolutionExplorer",
    "convolution = ConvolutionExplorer()\nconvolution",
    "arithmetic = ArithmeticExplorer()\narithmetic",
]
PUZZLES = [  # kernel, stride, padding, dilation
    (3, 2, 1, 1),
    (3, 1, 2, 2),
    (4, 2, 1, 1),
    (4, 4, 0, 1),
    (3, 1, 4, 4),
]


# --- the same numbers in JavaScript and in Python -------------------------------------------------------------------


def test_arithmetic_computes_alike_in_both_languages(browser):
    assert_python_agrees(browser, ArithmeticExplorer(), count=500)


@pytest.mark.parametrize("size", [(3, 3), (2, 3), (1, 5), (4, 4)], ids=str)
def test_convolution_computes_alike_in_both_languages(browser, size):
    chance = np.random.default_rng(0)
    explorer = ConvolutionExplorer(chance.random((11, 13)), kernel=chance.normal(size=size))
    assert_python_agrees(browser, explorer, count=60)


MAP = """async ({ module, image, kernel, size }) => {
    const { outputMap } = await import(`data:text/javascript;base64,${module}`);
    return Array.from(outputMap(image, kernel, size).values);
}"""


def test_the_painted_map_is_that_of_python_to_the_last_bit(browser):
    chance = np.random.default_rng(2)
    image, kernel = chance.random((23, 31)), chance.normal(size=(3, 5))
    sent = {"rows": 23, "columns": 31, "values": image.ravel().tolist()}
    page = browser.new_page()
    module = javascript_module(ConvolutionExplorer())
    told = {"module": module, "image": sent, "kernel": kernel.ravel().tolist(), "size": list(kernel.shape)}
    painted = page.evaluate(MAP, told)
    page.close()
    assert painted == convolution_explorer.output_map(image, kernel).ravel().tolist()


TYPED = """async ({ module, texts, numbers }) => {
    const { parseNumber, spell } = await import(`data:text/javascript;base64,${module}`);
    return [texts.map((text) => String(parseNumber(text))), numbers.map(spell)];
}"""


def test_numbers_are_read_as_typed_and_spelled_briefly(browser):
    texts = {"2": "2", "-1": "-1", "−1": "-1", " .5": "0.5", "0,5": "0.5", "1/4": "0.25", "-3/2": "-1.5"}
    texts |= dict.fromkeys(["", "-", "1/", "/2", "1/0", "1/2/3", "x", "1e999"], "NaN")
    numbers = {3: "3", -1: "−1", 0.25: "0.25", 1 / 9: "1/9", -1 / 3: "−1/3", 3 / 16: "3/16", 0.12345: "0.12", -0.0: "0"}
    source = ConvolutionExplorer()._esm + "\nexport { parseNumber, spell };"
    page = browser.new_page()
    module = base64.b64encode(source.encode()).decode()
    read, spelled = page.evaluate(TYPED, {"module": module, "texts": list(texts), "numbers": list(numbers)})
    page.close()
    assert dict(zip(texts, read, strict=True)) == texts
    assert dict(zip(numbers, spelled, strict=True)) == numbers


# --- convolution under the hand -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_convolution.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def test_convolution_is_led_by_keys_through_its_goals(touch):
    root = touch.explorable("Convolution explorer")
    assert (root.get_attribute("data-solved"), shown(root)["answer"]) == ("0", 0)
    canvas = root.locator("canvas[role=application]")
    canvas.focus()
    for key in ["ArrowRight", *["ArrowDown"] * 4, " "]:  # Space goes on to the right
        canvas.press(key)
    wait_for_fact(touch, root, "column", 2)
    for key in ["ArrowLeft", "ArrowDown"]:
        canvas.press(key)
    touch.wait_for_attribute(root, "data-solved", "1")
    assert shown(root)["answer"] == 36
    root.get_by_role("button", name="zeros").press("Enter")
    wait_for_fact(touch, root, "kernel_sum", 0)
    cells = root.locator("input[data-control=kernel]")
    cells.nth(4).focus()
    cells.nth(4).press("ArrowUp")
    touch.wait_for_attribute(root, "data-solved", "2")
    cells.nth(4).press("0")
    cells.nth(4).press("Enter")  # on to the next cell
    touch.page.keyboard.type("2/2")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert "moves the picture 1 px to the left" in root.locator(".sl-caption").inner_text()
    assert_kernel_agrees(touch, "convolution", shown(root))
    assert touch.ask("print(convolution.kernel)").strip() == str([0.0] * 5 + [1.0] + [0.0] * 3)


BURST = """(canvas) => {
    for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowDown", "ArrowRight"])
        canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}"""


def test_no_key_is_lost_when_several_come_within_one_frame(touch):
    root = touch.explorable("Convolution explorer")
    canvas, before = root.locator("canvas[role=application]"), shown(root)
    for key in ["ArrowUp"] * before["row"] + ["ArrowLeft"] * before["column"]:
        canvas.press(key)
    wait_for_fact(touch, root, "row", 0)
    wait_for_fact(touch, root, "column", 0)
    canvas.evaluate(BURST)
    wait_for_fact(touch, root, "row", 4)
    assert shown(root)["column"] == 1


def test_a_cell_says_when_it_cannot_read_what_was_typed(touch):
    root = touch.explorable("Convolution explorer")
    cell = root.locator("input[data-control=kernel]").first
    root.get_by_role("button", name="zeros").press("Enter")
    wait_for_fact(touch, root, "kernel_sum", 0)
    before = shown(root)
    cell.fill("two")
    assert cell.get_attribute("aria-invalid") == "true"
    cell.blur()
    assert (cell.input_value(), cell.get_attribute("aria-invalid"), shown(root)) == ("0", "false", before)
    cell.fill("1000")
    wait_for_fact(touch, root, "kernel_sum", 99)  # 99 is the most
    assert cell.input_value() == "99"


HALF_TYPED = """async (cell) => {
    cell.focus();
    for (const text of ["2", "2/"]) {
        cell.value = text;
        cell.dispatchEvent(new Event("input"));
    }
    for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
    return [cell.value, cell.getAttribute("aria-invalid")];
}"""


def test_a_number_that_is_half_typed_is_left_alone(touch):
    root = touch.explorable("Convolution explorer")
    cell = root.locator("input[data-control=kernel]").nth(5)
    assert cell.evaluate(HALF_TYPED) == ["2/", "true"]
    cell.blur()
    assert (cell.input_value(), cell.get_attribute("aria-invalid")) == ("2", "false")


def test_the_window_follows_the_mouse(touch):
    root = touch.explorable("Convolution explorer")
    root.get_by_role("radio", name="tiny grid").press("Space")
    canvas = root.locator("canvas[role=application]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 6.5 / 9, "y": box["height"] * 2.5 / 9})
    wait_for_fact(touch, root, "column", 5)
    assert shown(root)["row"] == 1
    canvas.click(position={"x": box["width"] * 8.5 / 9, "y": box["height"] * 0.5 / 9})
    wait_for_fact(touch, root, "column", 6)
    assert shown(root)["row"] == 0, "the window stays within the picture"


def test_a_picture_file_becomes_a_grid_of_gray_values(touch):
    root = touch.explorable("Convolution explorer")
    picture = np.zeros((480, 600, 3), dtype=np.uint8)  # 60 columns are cut off on either side
    picture[:, 300:] = (255, 255, 0)
    png = io.BytesIO()
    Image.fromarray(picture).save(png, format="PNG")
    chooser = root.locator("input[type=file]")
    chooser.set_input_files({"name": "half.png", "mimeType": "image/png", "buffer": png.getvalue()})
    wait_for_fact(touch, root, "rows", 46)
    assert root.get_by_role("radio", name="your own").is_checked()
    assert "half.png, reduced to 48 × 48" in root.inner_text()
    said = touch.ask("print(sorted(set(convolution.own)), convolution.own[:48].index(0.89), convolution.picture)")
    assert said.strip() == "[0.0, 0.89] 24 2"  # yellow: 0.299 + 0.587 = 0.886


def test_a_file_that_is_no_picture_is_told_so(touch):
    root = touch.explorable("Convolution explorer")
    before = shown(root)
    chooser = root.locator("input[type=file]")
    chooser.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    root.get_by_text("notes.txt is no picture that this browser can open. Try a PNG or JPEG file.").wait_for()
    assert shown(root) == before


# --- arithmetic under the hand --------------------------------------------------------------------------------------


def set_by_keys(notebook, root, wanted: dict[str, int]) -> None:
    """Bring each slider to its number with the arrow keys."""
    for name, value in wanted.items():
        slider = root.locator(f"[data-control={name}]")
        slider.focus()
        while shown(root)[name] != value:
            now = shown(root)[name]
            slider.press("ArrowRight" if now < value else "ArrowLeft")
            wait_for_fact(notebook, root, name, now + (1 if now < value else -1))


def test_the_puzzles_are_solved_by_keyboard(touch):
    root = touch.explorable("Arithmetic explorer")
    for number, wanted in enumerate(PUZZLES):
        assert root.get_attribute("data-solved") == str(number)
        start = root.get_by_role("button", name="Start:")
        if start.count():
            start.press("Enter")
            start.wait_for(state="hidden")
            assert touch.page.evaluate("document.activeElement.dataset.control") == "kernel", "the focus is lost"
        set_by_keys(touch, root, dict(zip(("kernel", "stride", "padding", "dilation"), wanted, strict=True)))
        if number < len(PUZZLES) - 1:
            touch.wait_for_attribute(root, "data-solved", str(number + 1))
    touch.wait_for_attribute(root, "data-reached", "true")
    assert "Goal reached. 21 → 21" in root.locator(".sl-caption").inner_text()
    assert "21 + 2·4 − 4·(3 − 1) − 1" in root.locator(".sl-formula").inner_text()
    assert_kernel_agrees(touch, "arithmetic", shown(root))


# --- the chapter itself ---------------------------------------------------------------------------------------------

RUN_CELL = """async (source) => {
    const { commands, shell } = window.jupyterapp;
    const book = shell.currentWidget.content;
    const sourceOf = (cell) => cell.model.sharedModel.getSource().trim();
    book.activeCellIndex = book.widgets.findIndex((cell) => sourceOf(cell) === source);
    if (sourceOf(book.activeCell) !== source) throw new Error(`there is no cell ${source}`);
    await commands.execute("notebook:run-cell");
}"""


def run_and_read(notebook, source: str) -> str:
    """Run the cell with this source, as Ctrl and Enter do, and return what it says."""
    notebook.page.evaluate(RUN_CELL, source)
    return said_by(notebook, source)


def said_by(notebook, source: str) -> str:
    (cell,) = [cell for cell in notebook.cells() if "".join(cell["source"]).strip() == source]
    return text_of(cell)


def test_in_chapter_03_the_puzzle_is_solved_by_keyboard_and_its_check_passes(browser, lab):
    check = 'check("03.aligned", sizes)'
    with closing(Notebook(browser, lab, "03_convolution.ipynb")) as notebook:
        notebook.run_all(420)
        assert "NOT ATTEMPTED" in said_by(notebook, check)
        root = notebook.explorable("Arithmetic explorer")
        assert (shown(root)["output"], root.get_attribute("data-reached")) == (15, "false")
        set_by_keys(notebook, root, {"stride": 2})
        assert "NOT YET" in run_and_read(notebook, check)
        set_by_keys(notebook, root, {"padding": 1})
        notebook.wait_for_attribute(root, "data-reached", "true")
        assert_kernel_agrees(notebook, "sizes", shown(root))
        said = run_and_read(notebook, check)
        assert "PASS" in said
        assert ALIGNED.goal in said


# --- how it feels and fits ------------------------------------------------------------------------------------------


def test_from_key_to_picture(touch, record_property):
    report_latency(touch.explorable("Arithmetic explorer"), "Arithmetic explorer", "kernel", record_property)
    root = touch.explorable("Convolution explorer")
    root.get_by_role("radio", name="street").press("Space")
    wait_for_fact(touch, root, "rows", 38)
    report_latency(root, "Convolution explorer, a cell of the kernel", "kernel", record_property)


@pytest.mark.parametrize("title", ["Convolution explorer", "Arithmetic explorer"])
def test_every_input_has_a_name_and_keeps_its_keys(touch, title):
    root = touch.explorable(title)
    for node in root.locator("input, button, canvas[role=application]").all():
        name, suppressed = node.evaluate(
            """(node) => [
                node.getAttribute("aria-label") || node.closest("label")?.innerText || node.innerText,
                node.closest("[data-lm-suppress-shortcuts=true]") === node,
            ]"""
        )
        assert name.strip(), node.evaluate("(node) => node.outerHTML")
        assert suppressed, name


@pytest.mark.parametrize("title", ["Convolution explorer", "Arithmetic explorer"])
def test_nothing_sticks_out_of_a_narrow_column(touch, title):
    root = touch.explorable(title)
    wide = root.evaluate(
        """async (root) => {
            root.style.width = "340px";
            for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
            const edge = root.getBoundingClientRect().right;
            const out = [...root.querySelectorAll("*")].filter((n) => n.getBoundingClientRect().right > edge + 0.5);
            root.style.width = "";
            return out.map((node) => node.className || node.tagName);
        }"""
    )
    assert wide == []
