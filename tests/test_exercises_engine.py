"""The judge, judged: four outcomes, known and unknown mistakes, words, pictures, and a memory that survives."""

import json
import linecache
import subprocess
import sys
import types
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from seglearn.exercises import audit, case, check, gap, guess, hint, progress, records, solution
from seglearn.exercises.compare import difference
from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import ChoiceExercise, FunctionExercise, ValueExercise, WidgetExercise, Wrong, given
from seglearn.exercises.laws import Law, gradient_reaches, keeps_device
from seglearn.exercises.misconceptions import describe
from seglearn.exercises.pictures import picture_of, spell, three_pictures
from seglearn.exercises.probing import probe
from seglearn.exercises.solved import called_names, solved_answer
from seglearn.exercises.sources import checkout, solution_of
from seglearn.exercises.verdicts import Outcome, Pictures, Table

PASS, NOT_YET, NOT_ATTEMPTED, ERROR = Outcome


def masks(seed):
    """One pixel, one row, then rectangles with odd sides; class 3 is absent from all of them."""
    height, width = [(1, 1), (1, 3), (2, 3), (5, 4), (3, 7)][seed]
    mask = torch.randint(0, 3, (height, width), generator=torch.Generator().manual_seed(seed))
    return given(mask, 4, note="class 3 is absent")


def one_hot(mask, classes):
    return F.one_hot(mask, classes).permute(2, 0, 1).float()


def with_loops(mask, classes):
    hot = torch.zeros(classes, *mask.shape, device=mask.device)
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            hot[mask[row, column], row, column] = 1
    return hot


def marks_its_input(mask, classes):
    hot = one_hot(mask, classes)
    mask[mask == 0] = 255
    return hot


ONE_HOT = FunctionExercise(
    name="99.one_hot",
    title="One channel per class",
    minutes=8,
    difficulty=2,
    objective="implement one-hot encoding, class axis first",
    hints=("How many channels?", "1. compare 2. stack", "`torch.stack([...])`"),
    cases=masks,
    seeds=5,
    oracle=one_hot,
    rights=(with_loops,),
    laws=(keeps_device(),),
    wrongs=(
        Wrong("channels last", lambda mask, classes: F.one_hot(mask, classes).float(), "The class axis comes first."),
        Wrong("scrambled", lambda m, c: F.one_hot(m, c).float().reshape(c, *m.shape), "reshape scrambles: permute."),
        Wrong(
            "seen classes", lambda m, c: one_hot(m, int(m.max()) + 1), "A class that is absent needs its channel, too."
        ),
        Wrong("integers", lambda mask, classes: one_hot(mask, classes).long(), "Losses want floating point."),
        Wrong("shifted", lambda m, c: one_hot((m + 1) % c, c), "Channel 0 is class 0, not class 1."),
        Wrong("marks its input", marks_its_input, "Your function writes into the mask of its caller."),
    ),
    remark="Class axis first: (K, H, W).",
)
SHARE = ValueExercise(
    name="99.share",
    title="Share of void",
    minutes=2,
    difficulty=1,
    objective="compute the share of void pixels",
    hints=("What is counted?", "1. count 2. divide", "`(mask == 255).float().mean()`"),
    expected=lambda: 0.25,
    wrongs=(
        Wrong("percent", 25, "This is a percentage."),
        Wrong("count", 3, "This is a count.", when=lambda value: value > 1),
        Wrong("valid", 0.75, "This is the share of valid pixels."),
        Wrong("ratio", 1 / 3, "This is void : valid, not void : all."),
        Wrong("none", 0.0, "255 is a label like any other when you compare: == 255."),
    ),
)
TASK = ChoiceExercise(
    name="99.task",
    title="Which task?",
    minutes=1,
    difficulty=1,
    objective="tell tasks apart",
    question="Which task tells two touching cars apart?",
    options={
        "a": ("semantic", "Both are just `car`."),
        "b": ("instance", "Each gets an id."),
        "c": ("classification", "That names the image."),
    },
    right="b",
)
POLE = WidgetExercise(
    name="99.pole",
    title="Find the pole",
    minutes=3,
    difficulty=1,
    objective="choose a threshold that finds the pole",
    hints=("Is the pole dark?", "1. look 2. move", "Try 0.7."),
    goal="an IoU above one half",
    reached=lambda facts: facts["iou"] > 0.5,
    start={"threshold": 0.5},
    rights=({"threshold": 0.7, "iou": 0.6},),
    wrongs=tuple(
        Wrong(
            f"at {t}",
            {"threshold": t, "iou": 0.1},
            f"At {t} everything is found.",
            when=lambda f, t=t: f["threshold"] < t,
        )
        for t in (0.1, 0.2, 0.3, 0.35, 0.4)
    ),
)
SAMPLES = (ONE_HOT, SHARE, TASK, POLE)
every_sample = pytest.mark.parametrize("exercise", SAMPLES, ids=lambda exercise: exercise.name)


@pytest.fixture(autouse=True)
def chapter_99(monkeypatch, tmp_path):
    """Install the samples as a chapter, and give each test a memory of its own."""
    chapter = types.ModuleType("seglearn.exercises.ch99")
    chapter.EXERCISES = list(SAMPLES)
    monkeypatch.setitem(sys.modules, chapter.__name__, chapter)
    monkeypatch.setenv("SEGLEARN_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.setattr(records, "_unwritten", [])
    monkeypatch.setattr(records, "_warned", set())
    return chapter


def cell(code, name="<cell>"):
    """Return what a notebook cell defines, with its lines at hand for tracebacks as IPython keeps them."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    scene = {"torch": torch, "F": F}
    exec(compile(code, name, "exec"), scene)
    return scene


# The four outcomes ----------------------------------------------------------------------------------------------------


@every_sample
def test_a_good_exercise_has_no_faults(exercise):
    assert audit.faults(exercise) == []


@pytest.mark.parametrize("name", ["99.one_hot", "99.share", "99.task", "99.pole"])
@pytest.mark.parametrize("nothing", [(), (...,), ((1, ...),)], ids=["absent", "ellipsis", "half a tuple"])
def test_no_answer_is_not_attempted(name, nothing):
    assert check(name, *nothing).outcome is NOT_ATTEMPTED


@pytest.mark.parametrize(
    "body",
    ["...", "pass", '"""Docstring."""', "raise NotImplementedError", "return ...", "hot = ...\n    return hot[0]"],
)
def test_blank_functions_are_not_attempted(body):
    blank = cell(f"def blank(mask, classes):\n    {body}\n")["blank"]
    assert check("99.one_hot", blank).outcome is NOT_ATTEMPTED


def test_a_not_implemented_operation_is_an_error_and_not_a_blank():
    def sparse(mask, classes):
        return _raise_far_away()

    seen = check("99.one_hot", sparse)
    assert seen.outcome is ERROR
    assert "NotImplementedError" in repr(seen)


def _raise_far_away():
    scene = {}
    exec(compile("def f():\n    raise NotImplementedError('no kernel')", "torch/library.py", "exec"), scene)
    return scene["f"]()


def test_forgetting_return_is_said():
    seen = check("99.one_hot", lambda mask, classes: None)
    assert seen.outcome is NOT_YET
    assert "Did you forget `return`?" in repr(seen)


def test_calling_the_function_first_is_said():
    assert "without calling it" in repr(check("99.one_hot", torch.zeros(4, 1, 1)))


def test_an_error_shows_the_learners_lines_and_the_input_only():
    code = "def hot(mask, classes):\n    return stack(mask, classes)\n\ndef stack(mask, classes):\n    return torch.stack(mask[9])\n"
    seen = check("99.one_hot", cell(code, "/tmp/ipykernel_7/1.py")["hot"])
    text = repr(seen)
    assert seen.outcome is ERROR
    assert "line 2, in hot\n          return stack(mask, classes)" in text
    assert "line 5, in stack\n          return torch.stack(mask[9])" in text
    assert "IndexError: index 9 is out of bounds" in text
    assert "tensor([[" in text and "class 3 is absent" in text and 'case("99.one_hot", seed=0)' in text
    assert "probing.py" not in text and "functions(*args" not in text


def test_an_endless_recursion_is_cut_short():
    seen = check("99.one_hot", cell("def hot(mask, classes):\n    return hot(mask, classes)\n")["hot"])
    assert "RecursionError" in repr(seen)
    assert len(repr(seen).splitlines()) < 40


def test_a_stop_from_the_keyboard_passes_through():
    def slow(mask, classes):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("99.one_hot", slow)


@pytest.mark.parametrize(
    "stop", [SystemExit(1), RuntimeError("x" * 10_000), StopIteration()], ids=lambda e: type(e).__name__
)
def test_no_exception_of_the_learner_gets_out(stop):
    def rude(mask, classes):
        raise stop

    seen = check("99.one_hot", rude)
    assert seen.outcome is ERROR
    assert len(repr(seen)) < 3000


def test_results_that_cannot_be_compared_or_printed_are_not_yet():
    class Rude:
        def __eq__(self, other):
            raise RuntimeError("go away")

        def __repr__(self):
            raise RuntimeError("go away")

    for rude in (Rude(), torch.zeros(4, 1, 1).to_sparse(), [torch.zeros(1)] * 3):
        seen = check("99.one_hot", lambda mask, classes, rude=rude: rude)
        assert seen.outcome is NOT_YET
        assert repr(seen) and seen._repr_html_()


def test_a_fault_in_the_course_is_owned_up_to(chapter_99):
    chapter_99.EXERCISES[0] = replace(ONE_HOT, oracle=lambda mask, classes: 1 / 0)
    seen = check("99.one_hot", one_hot)
    assert not seen.passed
    assert "in the course, not in your code" in repr(seen) and "ZeroDivisionError" in repr(seen)


@pytest.mark.parametrize("name", ["99.one_hut", "77.one_hot", "nonsense", "", None, 3])
def test_an_unknown_name_is_answered_kindly(name):
    for ask in (check, hint, solution):
        assert f"There is no exercise {name!r}." in repr(ask(name))
    assert "Did you mean '99.one_hot'?" in repr(check("99.one_hut"))


def test_a_check_leaves_random_numbers_and_the_screen_alone(capsys):
    def chatty(mask, classes):
        print("hello")
        torch.manual_seed(5)
        return one_hot(mask, classes)

    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    assert check("99.one_hot", chatty).passed
    assert torch.rand(1) == wanted
    assert capsys.readouterr().out == ""


# Known and unknown mistakes -------------------------------------------------------------------------------------------


def test_a_mistake_is_recognized_however_it_is_written():
    def mine(mask, classes):
        return torch.stack([(mask == k).float() for k in range(classes)], dim=-1)

    seen = check("99.one_hot", mine)
    assert seen.recognized == "channels last"
    assert "The class axis comes first." in repr(seen)


def test_a_broken_law_is_recognized_too():
    def mine(mask, classes):
        hot = with_loops(mask, classes)
        mask.fill_(0)
        return hot

    assert check("99.one_hot", mine).recognized == "marks its input"


def test_a_half_alike_answer_is_not_taken_for_the_known_mistake():
    def mine(mask, classes):  # channels last, but only for small masks
        return F.one_hot(mask, classes).float() if mask.numel() < 20 else torch.zeros(2)

    assert check("99.one_hot", mine).recognized == ""


@pytest.mark.parametrize(
    ["change", "sentence"],
    [
        (lambda hot: hot.flip(2), "flipped along axis 2"),
        (lambda hot: hot.permute(0, 2, 1), "expected.permute(0, 2, 1)"),
        (lambda hot: 255 * hot, "255 times the expected"),
        (lambda hot: hot + 2, "the expected one +2"),
        (lambda hot: 1 - hot, "one minus the expected"),
        (lambda hot: hot * 0, "zero"),
        (lambda hot: hot.roll(1, dims=2), "shifted by 1 along axis 2"),
        (lambda hot: hot.flatten(), "the shape is another"),
        (lambda hot: torch.ones(1), "the same result for every input"),
    ],
)
def test_plain_relations_are_named_when_nobody_listed_the_mistake(change, sentence):
    seen = judge(replace(ONE_HOT, wrongs=()), lambda mask, classes: change(one_hot(mask, classes)))
    assert seen.outcome is NOT_YET
    assert sentence in repr(seen)


def test_rounding_alone_is_not_called_a_factor():
    exercise = FunctionExercise(
        name="99.sum",
        title="",
        minutes=1,
        difficulty=1,
        objective="",
        cases=lambda seed: given(torch.tensor([0.1 + seed, 0.7], dtype=torch.float64)),
        seeds=2,
        oracle=lambda x: x / 3,
    )
    said = repr(judge(exercise, lambda x: x.float() / 3))
    assert "values differ" in said
    assert "times the expected" not in said


def test_handing_the_input_back_is_named():
    assert "nothing was computed" in repr(judge(ONE_HOT, lambda mask, classes: mask))


def test_a_right_answer_is_described_by_nothing():
    assert describe(probe(ONE_HOT, one_hot).trials) == ""


@pytest.mark.parametrize(
    ["law", "function", "sentence"],
    [
        (gradient_reaches(), lambda x: torch.tensor(x.sum().item()), "No gradient reaches the input"),
        (gradient_reaches(), lambda x: (x.detach() * 2).sum() + 0 * x.sum().detach(), "No gradient reaches the input"),
        (gradient_reaches(), lambda x: (x - x).sqrt().sum(), "not finite"),
        (keeps_device(), lambda x: torch.zeros(3) + x, "torch.zeros makes a tensor on the CPU"),
    ],
)
def test_laws_are_told(law, function, sentence):
    assert sentence in law.broken(function, given(torch.ones(3)))
    assert law.broken(lambda x: (x * x).sum(), given(torch.ones(3))) is None


def test_helpers_that_are_moved_or_have_no_axes_are_at_home():
    for kind in (
        lambda x: torch.arange(3).to(x.device) + x,
        lambda x: torch.tensor(2.0) * x,
        lambda x: torch.zeros_like(x),
    ):
        assert keeps_device().broken(kind, given(torch.ones(3))) is None


def test_a_random_answer_is_refused():
    exercise = replace(ONE_HOT, tolerance=1e9)  # values do not matter any more
    assert "two different results" in repr(judge(exercise, lambda m, c: one_hot(m, c) + torch.rand(())))


def test_a_law_that_the_answer_makes_raise_is_told():
    law = Law("is a law", lambda function, given: 1 / 0)
    assert "raises ZeroDivisionError" in repr(judge(replace(ONE_HOT, laws=(law,)), one_hot))


# Values, choices, widgets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "right", [0.25, torch.tensor(0.25), torch.tensor(0.25).numpy(), torch.tensor(0.25).numpy()[()]]
)
def test_a_number_may_come_in_a_tensor(right):
    assert check("99.share", right).passed


def test_a_wrong_value_is_recognized_and_the_right_one_not_given_away():
    assert check("99.share", 25).recognized == "percent"
    assert check("99.share", 17).recognized == "count"  # by its predicate
    assert "0.25" not in repr(check("99.share", 0.3))


def test_a_predicate_judges_what_has_many_right_values():
    exercise = ValueExercise(
        name="99.any", title="", minutes=1, difficulty=1, objective="find one", accept=lambda value: value % 7 == 0
    )
    assert judge(exercise, 21).passed
    assert judge(exercise, 22).outcome is NOT_YET
    assert judge(exercise, "seven").outcome is NOT_YET  # the predicate raises


def test_a_choice_shows_its_question_and_answers_each_option():
    assert "touching cars" in repr(check("99.task")) and "instance" in repr(check("99.task"))
    assert check("99.task", " B ").passed and "Each gets an id." in repr(check("99.task", "b"))
    assert "Both are just `car`." in repr(check("99.task", "a"))
    assert "Choose one of 'a', 'b', 'c'" in repr(check("99.task", "d"))


def test_a_widget_is_judged_by_its_facts():
    widget = types.SimpleNamespace(facts={"threshold": 0.5, "iou": 0.9})
    assert check("99.pole", widget).outcome is NOT_ATTEMPTED
    widget.facts = {"threshold": 0.05, "iou": 0.2}
    assert check("99.pole", widget).recognized == "at 0.1"
    widget.facts = {"threshold": 0.7, "iou": 0.8}
    assert check("99.pole", widget).passed
    assert "no facts" in repr(check("99.pole", 3))


# Comparing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["yours", "expected"],
    [
        (torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.0])),
        (torch.tensor([float("inf")]), torch.tensor([float("inf")])),
        (torch.tensor([1.0 + 1e-7]), torch.tensor([1.0])),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
        (torch.zeros(2, 3).numpy(), torch.zeros(2, 3).numpy()),
        ([1, 2], (1, 2)),
        (torch.Size([2, 3]), (2, 3)),
        ({"a": torch.ones(1)}, {"a": torch.ones(1)}),
        (float("nan"), float("nan")),
        ("road", "road"),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
    ],
)
def test_what_is_the_same(yours, expected):
    assert difference(yours, expected) is None


@pytest.mark.parametrize(
    ["yours", "expected", "sentence"],
    [
        (torch.zeros(2, 3), torch.zeros(3, 2), "has shape (2, 3), expected (3, 2)."),
        (torch.zeros(2).double(), torch.zeros(2), "right values, but their dtype is torch.float64"),
        (torch.zeros(2).numpy(), torch.zeros(2), "is a numpy array, expected a tensor. Use torch.as_tensor"),
        (torch.tensor([1, 2, 4]), torch.tensor([1, 2, 3]), "1 of 3 values differ; [2] is 4, expected 3."),
        (torch.tensor([float("nan")]), torch.tensor([1.0]), "[0] is nan, expected 1."),
        (torch.tensor([float("inf")]), torch.tensor([1e30]), "[0] is inf"),
        (torch.tensor([1.001]), torch.tensor([1.0]), "[0] is 1.001, expected 1."),
        (
            torch.tensor([0.4]).double(),
            torch.tensor([0.4]).double() + 1e-8,
            "is 0.4000000059604645, expected 0.400000015",
        ),
        (0.1 + 1e-8, 0.1, "is 0.10000001, expected 0.1."),
        (torch.tensor([2**53 + 1]), torch.tensor([2**53]), "[0] is 9007199254740993"),
        (torch.tensor([0], dtype=torch.uint8), torch.tensor([255], dtype=torch.uint8), "[0] is 0, expected 255."),
        (3.0, 3, "a whole number is expected: 3. Use // or int(...)."),
        (True, 1, "is True or False, expected a whole number"),
        (None, 3, "is None. Did you forget `return`?"),
        (torch.tensor([3]), 3, "is a tensor, expected a whole number"),
        (float("inf"), 1.0, "is inf, expected 1."),
        ((1, 2), (1, 2, 3), "has 2 elements, expected 3."),
        ((1, (2, 5)), (1, (2, 4)), "Element 1 of element 1 of your result is 5, expected 4."),
        ({"a": 1}, {"b": 1}, "has the keys ['a'], expected ['b']."),
        ({"a": 1}, {"a": 2}, "Entry 'a' of your result is 1, expected 2."),
        (torch.empty(2, device="meta"), torch.zeros(2), "lies on meta, expected cpu."),
    ],
)
def test_what_differs_is_said(yours, expected, sentence):
    assert sentence in difference(yours, expected).sentence


# Words and pictures ---------------------------------------------------------------------------------------------------


def test_the_difference_of_two_masks_is_a_picture_with_a_text_alternative():
    yours, expected = torch.zeros(6, 8).long(), torch.zeros(6, 8).long()
    yours[2, 3] = 255
    pictures = three_pictures(yours, expected)
    assert [caption for caption, _, _ in pictures.items] == ["yours", "expected", "1 of 48 pixels differ"]
    assert all(png.startswith(b"\x89PNG") and words for _, png, words in pictures.items)
    assert 'alt="the pixels that differ: 1 of 48 pixels differ"' in pictures.html()
    assert "1 of 48 pixels differ" in pictures.text()


def test_of_a_stack_the_first_map_that_differs_is_shown():
    yours, expected = torch.zeros(2, 4, 3, 5), torch.zeros(2, 4, 3, 5)
    yours[1, 2, 0, 0] = 1
    assert [caption for caption, _, _ in three_pictures(yours, expected).items][0] == "yours[1][2]"


@pytest.mark.parametrize(
    ["shape", "dtype"],
    [((3, 5, 7), torch.float32), ((5, 7, 3), torch.uint8), ((5, 7), torch.bool), ((5, 7), torch.float64)],
)
def test_images_of_every_layout_have_a_picture(shape, dtype):
    image = (torch.rand(shape, generator=torch.Generator().manual_seed(0)) * (255 if dtype == torch.uint8 else 1)).to(
        dtype
    )
    other = ~image if dtype == torch.bool else image.flip(0)
    assert three_pictures(other, image)
    assert (picture_of("input", image) is None) == (image.numel() <= 48)


@pytest.mark.parametrize(
    "value", [torch.zeros(3), torch.zeros(1, 9), 3, "x", torch.full((2, 2), float("nan")), torch.zeros(0, 4)]
)
def test_what_is_no_picture_has_none(value):
    assert three_pictures(value, value) is None


def test_nan_and_infinity_can_be_painted():
    broken = torch.tensor([[float("nan"), float("inf")], [-float("inf"), 0.0]])
    assert len(three_pictures(broken, torch.ones(2, 2)).items) == 3


def test_large_values_are_told_by_shape_and_range():
    assert spell(torch.zeros(90, 90)) == "tensor of shape (90, 90), torch.float32, values 0 to 0"
    assert len(spell("x" * 10_000)) < 700


def test_every_outcome_reads_without_color_and_escapes_what_learners_write():
    seen = [
        check("99.one_hot", answer)
        for answer in (one_hot, lambda m, c: "<script>alert(1)</script>", ..., lambda m, c: 1 / 0)
    ]
    assert [v.outcome for v in seen] == [PASS, NOT_YET, NOT_ATTEMPTED, ERROR]
    for v in seen:
        assert v.outcome.value.word in v._repr_html_() and v.outcome.value.symbol in repr(v)
        assert "<script>" not in v._repr_html_()
    assert len({v.outcome.value.symbol for v in seen}) == 4


def test_tables_align_in_text():
    assert Table([("a", "1\n2"), ("bcd", "3")], ("x", "y")).text() == "x    y\na    1\n     2\nbcd  3"


def test_a_not_yet_carries_everything_needed_to_go_on():
    seen = check("99.one_hot", lambda mask, classes: one_hot(mask, classes).flip(2))
    text = repr(seen)
    assert 'case("99.one_hot", seed=1)' in text  # one pixel cannot show a flip: the first row does
    assert 'hint("99.one_hot")' in text and "yours" in text and "expected" in text and "1 of 5 inputs are right" in text
    mask, classes = case("99.one_hot", seed=1)
    assert mask.shape == (1, 3) and classes == 4


def test_a_wide_enough_difference_is_shown_as_pictures():
    seen = judge(replace(ONE_HOT, cases=lambda seed: masks(seed + 2), seeds=1), lambda m, c: one_hot(m, c).flip(2))
    assert any(isinstance(block, Pictures) for block in seen.blocks)


# Hints, solutions, guesses --------------------------------------------------------------------------------------------


def test_hints_come_one_at_a_time_and_then_all():
    assert "How many channels?" in repr(hint("99.one_hot"))
    assert "compare" in repr(hint("99.one_hot"))
    assert "torch.stack" in repr(hint("99.one_hot"))
    assert all(words in repr(hint("99.one_hot")) for words in ("How many", "compare", "stack"))


SOURCE = """# %% [markdown]
# # A chapter

# %% tags=["setup"]
%matplotlib inline
import torch

# %% tags=["exercise", "99.share"]
mask = torch.tensor([0, 1, 2, 255])
### BEGIN SOLUTION
share = (mask == 255).float().mean()
### END SOLUTION

# %% tags=["check", "99.share"]
check("99.share", share)

# %%
raise RuntimeError("cells without a tag are not run")
"""


def test_the_solution_stands_once_in_the_chapters_source(tmp_path, monkeypatch):
    source = tmp_path / "notebooks" / "source" / "99_chapter.py"
    source.parent.mkdir(parents=True)
    source.write_text(SOURCE, encoding="utf-8")
    assert (
        solution_of("99.share", tmp_path) == "mask = torch.tensor([0, 1, 2, 255])\nshare = (mask == 255).float().mean()"
    )
    assert called_names(source) == ["99.share"]
    assert audit.unfair_to(SHARE, {"solution": solved_answer(source, "99.share")}) == []
    with pytest.raises(LookupError, match=r"99_chapter.py: 99.task needs a cell"):
        solved_answer(source, "99.task")
    monkeypatch.setattr("seglearn.exercises.engine.solution_of", lambda name: solution_of(name, tmp_path))
    assert "(mask == 255)" in repr(solution("99.share"))
    assert records.standings()["99.share"].solution


def test_a_copy_without_a_checkout_has_no_solutions(tmp_path):
    assert checkout(tmp_path / "site-packages" / "seglearn") is None
    assert "course's checkout" in repr(solution("99.one_hot"))


def test_a_guess_is_kept_and_its_gap_told():
    assert "noted: 30" in repr(guess("99.pixels", 30))
    assert "10 too low (25 % of what it is)" in repr(gap("99.pixels", torch.tensor(40)))


@pytest.mark.parametrize(
    ["guessed", "actual", "told"],
    [
        (5, 5, "You guessed it."),
        (2.5, 0, "2.5 too high"),
        ((3, 4), torch.Size([3, 4]), "You guessed it."),
        ("road", "sky", "The two differ."),
        (" Sky ", "sky", "You guessed it."),
        (torch.ones(2), torch.ones(2), "You guessed it."),
        (3, "three", "The two differ."),
        (True, True, "You guessed it."),
    ],
)
def test_gaps_of_numbers_and_of_other_things(guessed, actual, told):
    guess("99.thing", guessed)
    assert told in repr(gap("99.thing", actual))


def test_without_a_guess_the_gap_still_shows_what_came_out():
    assert "in place of `...`" in repr(guess("99.new", ...))
    assert "It is 7." in repr(gap("99.new", 7)) and "not guessed" in repr(gap("99.new", 7))
    guess("99.new", 6)  # running everything first does not take the chance to guess away
    assert "1 too low" in repr(gap("99.new", 7))


def test_a_guess_may_change_until_its_gap_was_shown():
    guess("99.first", 1)
    guess("99.first", 2)
    assert "1 too low" in repr(gap("99.first", 3))
    assert "Your first guess stays: 2" in repr(guess("99.first", 3))
    assert "1 too low" in repr(gap("99.first", 3))
    guess("99.first", 3, again=True)
    assert "You guessed it." in repr(gap("99.first", 3))


def test_guesses_outlive_the_kernel(monkeypatch):
    guess("99.kept", (3, 4))
    monkeypatch.setattr("seglearn.exercises.guesses._made", {})
    assert "You guessed it." in repr(gap("99.kept", (3, 4)))


# Memory ---------------------------------------------------------------------------------------------------------------


def test_progress_counts_attempts_and_a_pass_stays(monkeypatch):
    monkeypatch.setattr("seglearn.exercises.engine.all_exercises", lambda: SAMPLES)
    for answer in (..., lambda m, c: None, one_hot, lambda m, c: None):
        check("99.one_hot", answer)
    hint("99.one_hot")
    standing = records.standings()["99.one_hot"]
    assert (standing.outcome, standing.attempts, standing.hints) == ("PASS", 3, 1)
    assert "1 of 4 exercises passed" in repr(progress())
    assert "<table" in progress()._repr_html_()


def test_a_torn_last_line_costs_only_itself():
    check("99.share", 0.25)
    path = records.progress_file()
    with path.open("a", encoding="utf-8") as file:
        file.write('{"event": "check", "name": "99.sh')  # the machine went down here
    check("99.task", "b")
    assert list(records.standings()) == ["99.share", "99.task"]


@pytest.mark.parametrize("line", [b"\xff\xfe", b"[]", b"3", b"null", b'{"event": 1}', b'{"name": "x"}', b""])
def test_lines_that_are_not_ours_are_skipped(line):
    records.progress_file().write_bytes(line + b"\n")
    check("99.share", 0.25)
    assert list(records.standings()) == ["99.share"]


def test_two_notebooks_append_at_once(tmp_path):
    code = "import sys\nfrom seglearn.exercises.records import record\nfor i in range(200): record('hint', sys.argv[1], step=i)"
    notebooks = [subprocess.Popen([sys.executable, "-c", code, f"99.n{i}"], cwd=tmp_path) for i in range(2)]
    assert [notebook.wait(timeout=300) for notebook in notebooks] == [0, 0]
    lines = records.progress_file().read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 400


def test_an_unwritable_place_is_said_once_and_harms_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("SEGLEARN_PROGRESS", str(tmp_path / "file" / "progress.jsonl"))
    first, second = check("99.share", 0.3), check("99.share", 0.25)
    assert "Progress is not saved" in repr(first) and first.outcome is NOT_YET
    assert "Progress is not saved" not in repr(second) and second.passed
    assert records.standings()["99.share"].attempts == 2  # remembered while the kernel lives


def test_the_file_lies_in_the_checkout_or_at_home(monkeypatch, tmp_path):
    monkeypatch.delenv("SEGLEARN_PROGRESS")
    assert records.progress_file() == checkout() / ".seglearn" / "progress.jsonl"
    monkeypatch.setattr(records, "checkout", lambda: None)
    monkeypatch.setattr(records.Path, "home", lambda: tmp_path)
    assert records.progress_file() == tmp_path / ".seglearn" / "progress.jsonl"


# The audit sees what an author got wrong ------------------------------------------------------------------------------


def constant(seed):
    return given(torch.zeros(2, 3).long(), 4)


@pytest.mark.parametrize(
    ["change", "fault"],
    [
        ({"hints": ("one",)}, "has 1 hints"),
        ({"wrongs": ONE_HOT.wrongs[:4]}, "has 4 wrong answers, needs 5"),
        ({"rights": ()}, "another style"),
        ({"rights": (lambda m, c: F.one_hot(m, c),)}, "the right answer 'rights[0]' is refused"),
        ({"wrongs": (*ONE_HOT.wrongs, Wrong("loops", with_loops, "No."))}, "'loops' gets PASS"),
        ({"wrongs": (*ONE_HOT.wrongs, Wrong("b", ONE_HOT.wrongs[0].answer, "B."))}, "'b' is taken for 'channels last'"),
        (
            {"wrongs": (*ONE_HOT.wrongs, Wrong("b", lambda m, c: 0, " Losses want floating POINT."))},
            "have the sentence",
        ),
        ({"wrongs": (*ONE_HOT.wrongs, Wrong("integers", lambda m, c: 0, "C."))}, "have the name 'integers'"),
        ({"wrongs": (*ONE_HOT.wrongs, Wrong("b", lambda m, c: 0, ""))}, "has no sentence"),
        ({"seeds": 1}, "an answer that knows only the smallest input passes"),
        ({"cases": constant}, "the first expected result for every input passes"),
        ({"cases": constant}, "flipped along axis 2"),
        ({"tolerance": 9.0}, "all zeros of the right shape passes"),
        ({"oracle": lambda mask, classes: mask}, "argument 0 handed back passes"),
    ],
)
def test_the_audit_sees_a_weak_exercise(change, fault):
    assert any(fault in found for found in audit.faults(replace(ONE_HOT, **change)))


def test_the_audit_sees_a_judge_that_compares_too_little(monkeypatch):
    monkeypatch.setattr("seglearn.exercises.probing.difference", lambda *a, **k: None)
    found = " ".join(audit.faults(ONE_HOT))
    for spoiled in (
        "an answer of None",
        "a little off",
        "another dtype",
        "flipped along the last axis",
        "last two axes swapped",
    ):
        assert spoiled in found


def test_the_audit_sees_a_judge_without_laws(monkeypatch):
    monkeypatch.setattr("seglearn.exercises.probing.ALWAYS", ())
    assert "an answer that changes its input passes." in audit.faults(ONE_HOT)


@pytest.mark.parametrize(
    ["kind", "change", "sentence"],
    [
        (FunctionExercise, {"difficulty": 4}, "99.one_hot: difficulty must be 1"),
        (ValueExercise, {"accept": bool}, "99.share: give either expected= or accept=."),
        (ChoiceExercise, {"right": "z"}, "99.task: right must be one of a, b, c, got 'z'."),
    ],
)
def test_contradictions_are_refused_when_an_exercise_is_made(kind, change, sentence):
    sample = next(exercise for exercise in SAMPLES if type(exercise) is kind)
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        replace(sample, **change)
