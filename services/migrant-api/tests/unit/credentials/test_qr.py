"""The picture of a code: small, reproducible, and read back by another program from a bad photograph."""

import io
import random
from collections.abc import Iterable

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, Group
from renkou_migrant.credentials.reasons import CredentialError, Reason

from .test_packing import random_facts
from .world import World

PHOTOGRAPHS = 300
READ_AT_LEAST = 0.95
UNIFORM_DEVIATION = 256 / 12**0.5


def photograph(text: str, generator: random.Random) -> Image.Image:
    """The code at 300 pixels as a hand-held phone sees it.

    Tilted up to 12 degrees and in perspective (each corner off by up to 3 %), blurred (radius up to 0.7
    pixels), unevenly bright, and noisy (standard deviation up to 25 of 255).
    """
    side = 300
    picture = Image.open(io.BytesIO(qr.qr_png(text))).convert("L")
    picture = picture.resize((side, side), Image.Resampling.BOX)
    wide = Image.new("L", (side + 120, side + 120), 235)
    wide.paste(picture, (60, 60))
    wide = wide.rotate(generator.uniform(-12, 12), Image.Resampling.BICUBIC, fillcolor=235)
    off = [generator.uniform(-0.03, 0.03) * side for _ in range(8)]
    width, height = wide.size
    corners = (0, 0, 0, height, width, height, width, 0)
    tilted = wide.transform(
        wide.size,
        Image.Transform.QUAD,
        tuple(corner + shift for corner, shift in zip(corners, off, strict=True)),
        Image.Resampling.BICUBIC,
        fillcolor=235,
    )
    blurred = tilted.filter(ImageFilter.GaussianBlur(generator.uniform(0.2, 0.7)))
    shade = Image.linear_gradient("L").resize(wide.size).point(lambda value: 205 + value // 6)
    return noisy(Image.composite(blurred, Image.new("L", wide.size, 0), shade), generator)


def noisy(picture: Image.Image, generator: random.Random) -> Image.Image:
    """Noise from the generator, so that a seed gives the same picture: uniform, of that deviation."""
    width, height = picture.size
    factor = generator.uniform(5, 25) / UNIFORM_DEVIATION
    noise = Image.frombytes("L", picture.size, generator.randbytes(width * height))
    scaled = noise.point([round(128 + (value - 127.5) * factor) for value in range(256)])
    return ImageChops.add(picture, scaled, offset=-128)


@pytest.mark.endurance
def test_of_codes_at_300_pixels_with_noise_tilt_and_blur_95_percent_are_read(world: World) -> None:
    generator = random.Random(20260601)
    read = 0
    for _ in range(PHOTOGRAPHS):
        text = qr.pack(world.minimal(facts=random_facts(generator)))
        found = zxingcpp.read_barcodes(photograph(text, generator))
        assert {one.text for one in found} <= {text}
        read += len(found) == 1
    print(f"read {read} of {PHOTOGRAPHS}")
    assert read >= READ_AT_LEAST * PHOTOGRAPHS


@pytest.mark.parametrize(("groups", "pixels"), [([Group.PERSON], 300), (ALL_GROUPS, 420)])
def test_a_small_picture_is_read_back(world: World, groups: Iterable[Group], pixels: int) -> None:
    text = qr.pack(sdjwt.present(world.issue(), groups))
    picture = Image.open(io.BytesIO(qr.qr_png(text))).convert("L").resize((pixels, pixels))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == text
    assert world.verifier().verify_text(found.text).valid


def test_images_are_reproducible(world: World) -> None:
    text = qr.pack(world.minimal())
    assert qr.qr_png(text) == qr.qr_png(text)


def test_a_packing_too_large_for_any_code_is_refused() -> None:
    with pytest.raises(CredentialError) as caught:
        qr.make_qr("RK1:" + "0" * 5000)
    assert caught.value.reason is Reason.TOO_LARGE
