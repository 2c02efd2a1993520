"""Goals to reach by hand: a kernel that moves the picture, and sizes that fit."""

from seglearn.exercises.kinds import WidgetExercise, Wrong


def _moves(facts, *, right: int, down: int = 0) -> bool:
    return facts["moved_right"] == right and facts["moved_down"] == down


MOVE_LEFT = WidgetExercise(
    name="03.move_left",
    title="A kernel that moves the picture",
    minutes=4,
    difficulty=2,
    objective="derive the kernel that moves a picture by one pixel to the left",
    hints=(
        "Which neighbor's value must each pixel take, so that everything stands one pixel further left?",
        "1. all weights 0  2. one weight 1  3. at the place of the neighbor whose value is fetched",
        "A 1 in the middle row, in the right column: each pixel takes the value of its right neighbor.",
    ),
    goal="Let the kernel move the picture one pixel to the left.",
    reached=lambda facts: _moves(facts, right=-1),
    start={"row": 0, "column": 0, "moved_right": None, "kernel_sum": 0.0, "highest_answer": 36.0},
    rights=({"row": 0, "column": 0, "moved_right": -1, "moved_down": 0, "kernel_sum": 1.0},),
    wrongs=(
        Wrong(
            "the other way",
            {"row": 0, "column": 0, "moved_right": 1, "moved_down": 0, "kernel_sum": 1.0},
            "The picture moves right: a weight on the left fetches the left neighbor. Fetch from the other side.",
            when=lambda facts: _moves(facts, right=1),
        ),
        Wrong(
            "a copy",
            {"row": 2, "column": 1, "moved_right": 0, "moved_down": 0, "kernel_sum": 1.0},
            "A 1 in the middle copies every pixel: that was the goal before. Now fetch a neighbor.",
            when=lambda facts: _moves(facts, right=0),
        ),
        Wrong(
            "up or down",
            {"row": 0, "column": 0, "moved_right": 0, "moved_down": -1, "kernel_sum": 1.0},
            "The picture moves up or down. Left and right are the columns of the kernel.",
            when=lambda facts: facts["moved_right"] == 0,
        ),
        Wrong(
            "aslant",
            {"row": 0, "column": 0, "moved_right": -1, "moved_down": 1, "kernel_sum": 1.0},
            "The picture moves aslant: your 1 stands in a corner of the kernel. Take the middle row.",
            when=lambda facts: facts["moved_right"] is not None,
        ),
        Wrong(
            "only zeros",
            {"row": 0, "column": 1, "moved_right": None, "moved_down": None, "kernel_sum": 0.0},
            "The weights add up to 0, so a gray wall turns black. A picture that only moves keeps its brightness: 1.",
            when=lambda facts: abs(facts["kernel_sum"]) < 1e-9,
        ),
        Wrong(
            "another brightness",
            {"row": 0, "column": 0, "moved_right": None, "moved_down": None, "kernel_sum": 2.0},
            "The weights do not add up to 1, so the brightness changes. One weight of 1 is enough.",
            when=lambda facts: abs(facts["kernel_sum"] - 1) > 1e-9,
        ),
        Wrong(
            "mixed",
            {"row": 0, "column": 0, "moved_right": None, "moved_down": None, "kernel_sum": 1.0},
            "The brightness is kept, but several pixels are mixed. Leave one weight alone, and make it 1.",
            when=lambda facts: facts["moved_right"] is None,
        ),
    ),
    remark="This kernel and its flip move the picture in opposite directions. That is section 2.",
)


def _aligned(facts) -> bool:
    return facts["size"] == 17 and facts["output"] == 9 and (facts["first_center"], facts["last_center"]) == (0, 16)


def _state(size: int, output: int, stride: int, first: float | None, last: float | None) -> dict:
    return {"size": size, "output": output, "stride": stride, "first_center": first, "last_center": last}


ALIGNED = WidgetExercise(
    name="03.aligned",
    title="17 -> 9, centers aligned",
    minutes=4,
    difficulty=2,
    objective="choose kernel, stride and padding from the places where the windows' centers must stand",
    hints=(
        "Nine centers from pixel 0 to pixel 16: how far apart do they stand?",
        "1. the distance of the centers is the stride  2. the first center on pixel 0 fixes the padding",
        "kernel 3, stride 2, padding 1, dilation 1",
    ),
    goal="17 -> 9 with the first window's center on pixel 0 and the last one's on pixel 16.",
    reached=_aligned,
    start={**_state(17, 15, 1, 1, 15), "kernel": 3, "padding": 0, "dilation": 1},
    rights=(_state(17, 9, 2, 0, 16), _state(17, 9, 2, 0.0, 16.0)),
    wrongs=(
        Wrong(
            "another row",
            _state(18, 9, 2, 0, 16),
            "The row must have 17 pixels: set it back.",
            when=lambda facts: facts["size"] != 17,
        ),
        Wrong(
            "does not fit",
            _state(17, 0, 1, None, None),
            "The window does not fit at all. Make it smaller, or add padding.",
            when=lambda facts: not facts["output"],
        ),
        Wrong(
            "between the pixels",
            _state(17, 9, 2, -0.5, 15.5),
            "Nine windows, but their centers stand between two pixels: an even kernel has no middle pixel.",
            when=lambda facts: facts["output"] == 9 and facts["first_center"] % 1 == 0.5,
        ),
        Wrong(
            "too wide a window",
            _state(17, 9, 1, 4, 12),
            "Nine windows, because they are so wide; their centers stand side by side. Let them step by 2.",
            when=lambda facts: facts["output"] == 9 and facts["stride"] == 1,
        ),
        Wrong(
            "padding missing",
            _state(17, 8, 2, 1, 15),
            "Too few, and the first center is not on pixel 0: the window cannot reach out far enough. Add padding.",
            when=lambda facts: facts["output"] < 9 and facts["first_center"] > 0,
        ),
        Wrong(
            "size kept",
            _state(17, 17, 1, 0, 16),
            "Every pixel is a center now: 17 windows. Take every second one.",
            when=lambda facts: facts["output"] == 17,
        ),
        Wrong(
            "centers outside",
            _state(17, 10, 2, -1, 17),
            "The first center stands in the padding, outside of the row: padding beyond half the kernel.",
            when=lambda facts: facts["first_center"] < 0,
        ),
        Wrong(
            "too many windows",
            _state(17, 13, 1, 2, 14),
            "More than nine windows: step further with each.",
            when=lambda facts: facts["output"] > 9,
        ),
        Wrong(
            "too few windows",
            _state(17, 6, 3, 0, 15),
            "Fewer than nine windows: you step too far with each.",
            when=lambda facts: facts["output"] < 9,
        ),
    ),
    remark="Kernel 3, stride 2, padding 1 (or 5, 2, 2, or 1, 2, 0): padding of half the kernel puts centers on pixels.",
)
