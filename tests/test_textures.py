"""Textures: noise with a slope, soft patches, blur and color, each against a slow definition."""

import colorsys

import numpy as np
import pytest

from seglearn.data.textures import blur, hsv, noise, scene_rng, value_noise


@pytest.mark.parametrize("slope", [0.0, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("shape", [(2, 3), (31, 50), (130, 70)])
def test_noise_has_zero_mean_and_unit_deviation(shape, slope):
    texture = noise(scene_rng(0, 1), *shape, slope=slope)
    assert texture.shape == shape
    assert texture.dtype == np.float32
    assert texture.mean() == pytest.approx(0, abs=1e-5)
    assert texture.std() == pytest.approx(1, abs=1e-4)


def test_a_single_pixel_of_noise_is_zero():
    assert noise(scene_rng(0, 0), 1, 1).tolist() == [[0.0]]


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_amplitude_of_noise_falls_with_the_slope(slope):
    spectrum = np.mean([np.abs(np.fft.fft2(noise(scene_rng(0, k), 64, 64, slope=slope))) for k in range(40)], axis=0)
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None])
    # A crop is not periodic, and its border leaks into high frequencies: compare in the lower half.
    seen = (frequency > 0.04) & (frequency < 0.25)
    fitted = np.polyfit(np.log(frequency[seen]), np.log(spectrum[seen]), 1)[0]
    assert -fitted == pytest.approx(slope, abs=0.3)


def test_noise_is_another_crop_each_time_and_the_same_for_the_same_chance():
    rng = scene_rng(3, 4)
    first, second = noise(rng, 20, 30), noise(rng, 20, 30)
    assert not np.allclose(first, second, atol=0.1)
    np.testing.assert_allclose(noise(scene_rng(3, 4), 20, 30), first)


def test_value_noise_is_smooth_and_stays_in_range():
    patches = value_noise(scene_rng(0, 2), 60, 90, step=15)
    assert patches.dtype == np.float32
    assert 0 <= patches.min() < 0.2
    assert 0.8 < patches.max() < 1
    assert np.abs(np.diff(patches, axis=0)).max() <= 1.5 / 15 + 1e-5  # the steepest a smooth step of 15 pixels can be
    assert np.abs(np.diff(patches, axis=1)).max() <= 1.5 / 15 + 1e-5


def test_blur_equals_a_weighted_mean_over_all_pixels():
    picture, sigma = scene_rng(0, 3).random((5, 7)), 1.3
    rows, columns = np.mgrid[:5, :7]
    expected = np.empty((5, 7))
    for y in range(5):
        for x in range(7):
            weight = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2))
            expected[y, x] = (weight * picture).sum() / weight.sum()
    np.testing.assert_allclose(blur(picture, sigma), expected, atol=1e-6)


def test_blur_treats_the_planes_of_a_stack_alike_and_zero_changes_nothing():
    stack = scene_rng(0, 4).random((3, 5, 7), dtype=np.float32)
    np.testing.assert_allclose(blur(stack, 0.8)[1], blur(stack[1], 0.8), atol=1e-6)
    np.testing.assert_array_equal(blur(stack, 0), stack)


@pytest.mark.parametrize("hue", [0, 0.1, 1 / 6, 0.3, 0.5, 0.62, 5 / 6, 0.95, 1])
def test_hsv_equals_the_standard_library(hue):
    np.testing.assert_allclose(hsv(hue, 0.6, 0.7), colorsys.hsv_to_rgb(hue, 0.6, 0.7), atol=1e-6)
