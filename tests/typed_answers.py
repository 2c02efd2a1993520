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
    "04_pooling_and_receptive_fields": [
        (
            "check('04.max_pool', F.max_pool2d)",
            "check('04.max_pool', lambda x, k, s, p: F.pad(x, (p, p, p, p), value=-torch.inf)"
            ".unfold(2, k, s).unfold(3, k, s).amax(dim=(-2, -1)))",
        ),
        ("check('04.by_head', 10)", "check('04.by_head', 14)"),
    ],
    "06_encoder_decoder": [
        (
            "check('06.counts', lambda h, w, k, s: torch.full(((h - 1) * s + k, (w - 1) * s + k), k // s))",
            "check('06.counts', lambda h, w, k, s: F.conv_transpose2d(torch.ones(1, 1, h, w), "
            "torch.ones(1, 1, k, k), stride=s)[0, 0].long())",
        ),
        (
            "check('06.join', lambda skip, deep: torch.cat([F.interpolate(deep, skip.shape[2:]), skip], dim=1))",
            "check('06.join', lambda skip, deep: torch.cat([skip, F.interpolate(deep, skip.shape[2:])], dim=1))",
        ),
    ],
    "05_from_classes_to_pixels": [
        ("check('05.weights', 94667)", "check('05.weights', 32 * 10 + 64 * 289 + 128 * 577 + 26 * 129)"),
        (
            "check('05.class_map', lambda f, w, b: F.conv2d(f, w[:, :, None, None]))",
            "check('05.class_map', lambda f, w, b: F.conv2d(f, w[:, :, None, None], b))",
        ),
    ],
    "08_iou_and_friends": [
        (
            "check('08.mean_iou', lambda p, m, k: iou(confusion_matrix(p, m, k)).nan_to_num(0).mean().item())",
            "check('08.mean_iou', lambda p, m, k: (lambda c: (c.diagonal().double() "
            "/ (c.sum(0) + c.sum(1) - c.diagonal())).nanmean().item())(confusion_matrix(p, m, k)))",
        )
    ],
    "07_losses": [
        ("check('07.floor', math.log(8))", "check('07.floor', math.log(1 + 7 / math.e))"),
        (
            "check('07.dice', lambda logits, mask: jaccard_loss(logits, mask))",
            "check('07.dice', lambda z, m: (lambda v, p: torch.stack([1 - 2 * p[m[v] == k, k].sum() / (p[:, k].sum() "
            "+ (m[v] == k).sum()) for k in m[v].unique().tolist()] or [z.sum() * 0]).mean())"
            "(m != 255, z.softmax(1).movedim(1, -1)[m != 255]))",
        ),
    ],
    "09_training_well": [
        (
            "check('09.flip', lambda image, mask, flip: (image.flip(-1), mask) if flip else (image, mask))",
            "check('09.flip', lambda image, mask, flip: (image.flip(-1), mask.flip(-1)) if flip else (image, mask))",
        ),
        ("check('09.believe', 'a')", "check('09.believe', 'b')"),
    ],
}
