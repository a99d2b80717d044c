"""One plot as SVG: time of a message against the round-trip time of the link."""

WIDTH, HEIGHT = 900, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 276, 44, 52
# Ours, the limit, and what people do today: told apart by dashes as well as by colour.
STYLES = {
    "ours": ("#1b5fa8", "", 3),
    "limit": ("#1b5fa8", "2 5", 2),
    "python": ("#b5541c", "", 2),
    "php": ("#5d7a1f", "", 2),
    "next": ("#7a3f9d", "", 3),
    "next limit": ("#7a3f9d", "2 5", 2),
}


def draw(series):
    """`series`: (label, style, {round trip: milliseconds}) each. Gives the text of the SVG."""
    xs = sorted({x for _, _, points in series for x in points})
    top = nice(max(y for _, _, points in series for y in points.values()))

    def place(x, y):
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / xs[-1]
        return across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" fill="#222">Time of one message in milliseconds, against the round trip</text>',
    ]
    for step in range(6):
        y = top * step / 5
        across, down = place(0, y)
        parts.append(f'<line x1="{across}" x2="{WIDTH - RIGHT}" y1="{down:.1f}" y2="{down:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{across - 8}" y="{down + 4:.1f}" text-anchor="end" fill="#555">{y:.0f}</text>')
    for x in xs:
        across, down = place(x, 0)
        parts.append(f'<text x="{across:.1f}" y="{down + 20:.1f}" text-anchor="middle" fill="#555">{x} ms</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle" fill="#555">round trip of the link</text>')
    ends = []
    for label, style, points in series:
        colour, dashes, width = STYLES[style]
        line = " ".join("{:.1f},{:.1f}".format(*place(x, points[x])) for x in sorted(points))
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"/>'
        )
        last = max(points)
        ends.append((place(last, points[last])[1], f"{label}: {points[last]:.0f}", colour))
    for down, text, colour in apart(ends):
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{down + 4:.1f}" fill="{colour}">{text}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def apart(ends, least=17):
    """Labels at the ends of lines, moved down where they would overlap, and up again where they leave the plot."""
    ends = sorted(ends)
    placed = []
    for down, text, colour in ends:
        down = max(down, placed[-1][0] + least) if placed else down
        placed.append((down, text, colour))
    over = placed[-1][0] - (HEIGHT - BOTTOM)
    if over > 0:
        limit = HEIGHT - BOTTOM
        for at in range(len(placed) - 1, -1, -1):
            placed[at] = (min(placed[at][0], limit), *placed[at][1:])
            limit = placed[at][0] - least
    return placed


def nice(most):
    """The next number at which an axis ends well."""
    size = 1
    while True:
        for step in (1, 2, 2.5, 5):
            if size * step >= most:
                return size * step
        size *= 10
