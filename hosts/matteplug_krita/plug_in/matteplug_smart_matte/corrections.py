"""What has changed in a painted layer since it was last looked at.  Needs nothing of Krita."""


class Corrections:
    """Remembers a layer's pixels, four bytes each, to tell what has changed."""

    def __init__(self, size):
        """Start with a layer without pixels; `size` is the document's (width, height)."""
        self._size = size
        self._rect = (0, 0, 0, 0)
        self._data = b""

    def changed(self, bounds, read):
        """Return ((x, y, width, height), bytes) of the part that changed, or None.

        `bounds` is the rectangle where the layer has pixels, `read(rect)` returns the bytes of one.
        """
        rect = _clipped(_united(self._rect, bounds), self._size)
        if not rect[2] or not rect[3]:
            return None
        data = read(rect)
        part = _difference(self._moved(rect), data, 4 * rect[2])
        self._rect, self._data = rect, data
        if part is None:
            return None
        left, top, right, bottom = part
        left, right = left // 4, right // 4 + 1
        rows = [
            data[(y * rect[2] + left) * 4 : (y * rect[2] + right) * 4] for y in range(top, bottom)
        ]
        place = (rect[0] + left, rect[1] + top, right - left, bottom - top)
        return place, b"".join(rows)

    def _moved(self, rect):
        """Return the remembered pixels of a rectangle around the remembered one."""
        if rect == self._rect:
            return self._data
        x, y, width, height = self._rect
        moved = bytearray(4 * rect[2] * rect[3])
        for row in range(height):
            at = 4 * ((y - rect[1] + row) * rect[2] + x - rect[0])
            moved[at : at + 4 * width] = self._data[4 * row * width : 4 * (row + 1) * width]
        return bytes(moved)


def _difference(before, after, stride):
    """Return (first byte, first row, last byte, row after the last) of what differs, or None."""
    if before == after:
        return None
    left, right, rows = stride, -1, []
    for row in range(len(after) // stride):
        old, new = (data[row * stride : (row + 1) * stride] for data in (before, after))
        if old != new:
            rows.append(row)
            left = min(left, _first(old, new))
            right = max(right, stride - 1 - _first(old[::-1], new[::-1]))
    return left, rows[0], right, rows[-1] + 1


def _first(one, other):
    """Return where two rows that differ do so first, by halving."""
    low, high = 0, len(one)
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] != other[low:middle]:
            high = middle
        else:
            low = middle
    return low


def _united(one, other):
    if not other[2] or not other[3]:
        return one
    if not one[2] or not one[3]:
        return other
    x, y = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return (x, y, right - x, bottom - y)


def _clipped(rect, size):
    x, y = max(rect[0], 0), max(rect[1], 0)
    right, bottom = min(rect[0] + rect[2], size[0]), min(rect[1] + rect[3], size[1])
    return (x, y, max(0, right - x), max(0, bottom - y))
