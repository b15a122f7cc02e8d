"""The colours of a report, for a light and for a dark page; blue and orange are told apart by all eyes."""

COLOURS = {
    "paper": ("#ffffff", "#15171b"),
    "ink": ("#1f2328", "#e7e5df"),
    "pale": ("#5f6670", "#a3a8b0"),
    "rule": ("#d6d9dd", "#3b3f46"),
    "panel": ("#f6f7f8", "#1e2126"),
    "blue": ("#0b62a4", "#6db3f2"),
    "orange": ("#b8500a", "#f4a261"),
}
"""Each colour on a light and on a dark page. Pictures are drawn in the light ones and follow the page."""

PAPER, INK, PALE, RULE, PANEL, BLUE, ORANGE = (light for light, _ in COLOURS.values())


def declarations(dark: bool) -> str:
    """The colours as CSS properties, and blue once more as three numbers for shades of it."""
    colours = {name: pair[dark] for name, pair in COLOURS.items()}
    red, green, blue = (int(colours["blue"][k : k + 2], 16) for k in (1, 3, 5))
    return "".join(f"--{name}:{value};" for name, value in colours.items()) + f"--shade:{red} {green} {blue}"


def themed(svg: str) -> str:
    """A picture's colours exchanged for the page's: what is drawn in black or a light colour follows the theme."""
    svg = svg.replace("#000000", "var(--ink)")
    for name, (light, _) in COLOURS.items():
        svg = svg.replace(light, f"var(--{name})")
    return svg
