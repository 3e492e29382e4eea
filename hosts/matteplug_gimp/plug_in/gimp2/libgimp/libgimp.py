"""libgimp 2.0 by ctypes: GIMP's procedures by name, and a procedure of our own.

GIMP starts any program in its plug-ins folder as a plug-in; `gimp_main` speaks with it.
"""

import ctypes as c
import functools
import sys

INT32, FLOAT, STRING, INT32ARRAY, ITEM, IMAGE, DRAWABLE, STATUS = 0, 3, 4, 5, 11, 13, 16, 21
_ITEMS = (ITEM, 12, IMAGE, 14, 15, DRAWABLE, 17, 19)  # and display, layer, channel, selection, path
_EXECUTION_ERROR, _SUCCESS, _CANCEL = 0, 3, 4
_PLUGIN = 1


class _Colour(c.Structure):
    _fields_ = [(name, c.c_double) for name in "rgba"]


class _Data(c.Union):
    _fields_ = [
        ("integer", c.c_int32),
        ("real", c.c_double),
        ("text", c.c_char_p),
        ("integers", c.POINTER(c.c_int32)),
        ("colour", _Colour),  # never used, but it gives the union its size
    ]


class _Param(c.Structure):
    _fields_ = [("type", c.c_int), ("data", _Data)]


class _ParamDef(c.Structure):
    _fields_ = [("type", c.c_int), ("name", c.c_char_p), ("description", c.c_char_p)]


_Params, _Defs, _Number, _Text = map(c.POINTER, (_Param, _ParamDef, c.c_int, c.c_char_p))
_Query = c.CFUNCTYPE(None)
_Run = c.CFUNCTYPE(None, c.c_char_p, c.c_int, _Params, _Number, c.POINTER(_Params))


class _PlugInInfo(c.Structure):
    _fields_ = [("init", c.c_void_p), ("quit", c.c_void_p), ("query", _Query), ("run", _Run)]


def functions(library, signatures):
    """Return a library with its functions' types: {name: (what it returns, what it takes)}."""
    loaded = c.CDLL(library, mode=c.RTLD_GLOBAL)
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


gimp = functions(
    "libgimp-2.0.so.0",
    {
        "gimp_main": (c.c_int, [c.POINTER(_PlugInInfo), c.c_int, c.POINTER(c.c_char_p)]),
        "gimp_install_procedure": (None, [c.c_char_p] * 8 + [c.c_int] * 3 + [_Defs, _Defs]),
        "gimp_plugin_menu_register": (c.c_int, [c.c_char_p, c.c_char_p]),
        "gimp_procedural_db_proc_info": (
            c.c_int,
            [c.c_char_p] + [_Text] * 5 + [_Number] * 3 + [c.POINTER(_Defs)] * 2,
        ),
        "gimp_run_procedure2": (_Params, [c.c_char_p, _Number, c.c_int, _Params]),
        "gimp_destroy_params": (None, [_Params, c.c_int]),
        "gimp_drawable_get_buffer": (c.c_void_p, [c.c_int32]),
        "gimp_drawable_update": (c.c_int, [c.c_int32] + [c.c_int] * 4),
        "gimp_progress_init": (c.c_int, [c.c_char_p]),
        "gimp_progress_set_text": (c.c_int, [c.c_char_p]),
        "gimp_progress_update": (c.c_int, [c.c_double]),
        "gimp_displays_flush": (None, []),
    },
)


class UserCancelled(Exception):
    """The user has cancelled a procedure."""


class _Pdb:
    """GIMP's procedures as Python-Fu has them: `pdb.gimp_image_width(image)`.

    Items are numbers, and None where there is none.  One result comes as it is, several as a tuple.
    Raises UserCancelled, and RuntimeError with GIMP's own words.
    """

    def __getattr__(self, name):
        """Return the procedure of that name, with hyphens for the underscores."""
        return functools.partial(_call, name.replace("_", "-").encode())


pdb = _Pdb()


def _call(name, *values):
    types = _argument_types(name)
    if len(values) != len(types):
        raise TypeError("%s takes %d arguments, not %d" % (name, len(types), len(values)))
    params = (_Param * len(types))()
    for param, kind, value in zip(params, types, values):
        _fill(param, kind, value)
    count = c.c_int()
    results = gimp.gimp_run_procedure2(name, count, len(params), params)
    try:
        status, *answer = [_value(results, i) for i in range(count.value)]
    finally:
        gimp.gimp_destroy_params(results, count)
    if status == _CANCEL:
        raise UserCancelled
    if status != _SUCCESS:
        raise RuntimeError(answer[0] if answer else "%s failed" % name.decode())
    return answer[0] if len(answer) == 1 else tuple(answer)


@functools.lru_cache(maxsize=None)
def _argument_types(name):
    texts = [c.c_char_p() for _ in range(5)]
    kind, taken, given = c.c_int(), c.c_int(), c.c_int()
    arguments, results = _Defs(), _Defs()
    if not gimp.gimp_procedural_db_proc_info(name, *texts, kind, taken, given, arguments, results):
        raise RuntimeError("GIMP has no procedure %s" % name.decode())
    return [arguments[i].type for i in range(taken.value)]


def _fill(param, kind, value):
    param.type = kind
    if kind == FLOAT:
        param.data.real = value
    elif kind == STRING:
        param.data.text = value.encode()
    else:
        param.data.integer = -1 if value is None else value


def _value(params, index):
    data, kind = params[index].data, params[index].type
    if kind == FLOAT:
        return data.real
    if kind == STRING:
        return (data.text or b"").decode()
    if kind == INT32ARRAY:  # its length stands before it
        return tuple(data.integers[: params[index - 1].data.integer])
    return None if kind in _ITEMS and data.integer < 0 else data.integer


def serve(name, about, image_types, arguments, function, entry=None):
    """Be the plug-in with one procedure; return the status to exit with.

    `arguments` are (type, name, description).  `function` takes their values and returns an error's
    sentence, or None; it may raise UserCancelled.  `entry` is the menu entry: its label, which also
    names the undo steps, and its menu.
    """
    label, menu = entry or (None, None)
    defs = (_ParamDef * len(arguments))(
        *((kind, word.encode(), description.encode()) for kind, word, description in arguments)
    )
    kept = []  # what `run` returns has to outlive it

    @_Query
    def query():
        texts = [name, about, about, "matteplug", "matteplug", "2026"]
        encoded = [text.encode() for text in texts]
        words = [None if word is None else word.encode() for word in (label, image_types)]
        gimp.gimp_install_procedure(*encoded, *words, _PLUGIN, len(defs), 0, defs, None)
        if menu is not None:
            gimp.gimp_plugin_menu_register(name.encode(), menu.encode())

    @_Run
    def run(_name, count, params, result_count, results):
        try:
            error = function(*[_value(params, i) for i in range(count)])
            status = _SUCCESS if error is None else _EXECUTION_ERROR
        except UserCancelled:
            error, status = None, _CANCEL
        answer = (_Param * 2)()
        _fill(answer[0], STATUS, status)
        _fill(answer[1], STRING, error or "")
        kept.append(answer)
        result_count[0] = 1 if error is None else 2
        results[0] = c.cast(answer, _Params)

    words = (c.c_char_p * len(sys.argv))(*(word.encode() for word in sys.argv))
    return gimp.gimp_main(c.byref(_PlugInInfo(None, None, query, run)), len(words), words)
