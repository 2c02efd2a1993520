"""What the browser test types into each notebook: wrong and right answers to its exercises, a new cell for each."""

ANSWERS: dict[str, list[tuple[str, str]]] = {  # notebook -> (wrong: NOT YET, right: PASS)
    "00_start_here": [("check('00.scores', 8)", "check('00.scores', 4 * 8 * 64 * 96)")],
    "01_images_and_masks": [
        (
            "check('01.planes', lambda mask, classes: torch.zeros(classes, *mask.shape))",
            "check('01.planes', lambda mask, classes: F.one_hot(mask, classes).permute(2, 0, 1).float())",
        )
    ],
    "03_convolution": [
        (
            "check('03.flip', lambda image, kernel: F.conv2d(image[None, None], kernel[None, None])[0, 0])",
            "check('03.flip', lambda image, kernel: F.conv2d(image[None, None], kernel.flip(0, 1)[None, None])[0, 0])",
        )
    ],
}
