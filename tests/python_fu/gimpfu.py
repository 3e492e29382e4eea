"""A stand-in for Python-Fu's `gimpfu`: keeps what is registered; `main` does nothing."""

import gimp

PF_FLOAT, PF_STRING, PF_IMAGE, PF_DRAWABLE = 3, 4, 13, 16
PF_TOGGLE, PF_SPINNER, PF_RADIO = 1000, 1002, 1008
registered = {}


class error(RuntimeError):  # noqa: N801 - gimpfu's own name
    pass


def register(name, blurb, help, author, copyright, date, label, types, params, results, function,
             menu=None):  # fmt: skip
    for text in (name, blurb, help, author, copyright, date, label, types, menu):
        assert isinstance(text, str), text
    for param in params:
        assert type(param[0]) is int, param
        assert set(param[1]) <= set("abcdefghijklmnopqrstuvwxyz-"), param
        if param[0] == PF_RADIO:
            assert param[3] in [value for _, value in param[4]], param
            assert all(isinstance(text, str) for entry in param[4] for text in entry), param
    registered[name] = (params, function, label, menu)


def main():
    pass


def fail(text):
    gimp.message(text)
    raise error(text)
