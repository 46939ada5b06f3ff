"""The logo and the colour of the demo organisation: a lamp and its name, drawn here, so that no picture is shipped."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from portal.organisations.actions import Branding

BRASS, INK = "#8a4b08", "#2a1c0c"


def looks() -> Branding:
    return Branding(accent=BRASS, logo_text="Atelier Lumière", picture=drawn_logo())


def drawn_logo() -> bytes:
    """A PNG of 200 pixels' height with a transparent ground. Pillow's own letters have no accents: it is drawn, too."""
    font = ImageFont.load_default(size=104)
    start = 220 + font.getlength("Atelier Lumi")
    picture = Image.new("RGBA", (260 + round(font.getlength("Atelier Lumiere")), 200))
    pen = ImageDraw.Draw(picture)
    pen.pieslice((20, 20, 180, 180), 180, 360, fill=BRASS)
    pen.rectangle((92, 100, 108, 170), fill=INK)
    pen.rectangle((52, 168, 148, 184), fill=INK)
    pen.text((220, 100), "Atelier Lumiere", font=font, fill=INK, anchor="lm", stroke_width=2, stroke_fill=INK)
    pen.line((start + 14, 50, start + 32, 66), fill=INK, width=11)
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
