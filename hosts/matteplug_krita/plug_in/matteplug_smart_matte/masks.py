"""Transparency masks, which Krita's scripts can make since 5.2, and before by way of a file."""

import contextlib
import os
import tempfile
import zipfile

from krita import Krita, Selection

from .qt import QtCore

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://www.calligra.org/DTD/krita-2.0.dtd'>
<DOC xmlns="http://www.calligra.org/DTD/krita" syntaxVersion="2.0" editor="Krita">
 <IMAGE name="mask" mime="application/x-kra" width="1" height="1" x-res="100" y-res="100"
        colorspacename="RGBA" profile="sRGB-elle-V2-srgbtrc.icc">
  <layers>
   <layer name="group" nodetype="grouplayer" filename="layer1"
          uuid="{6d617474-6570-4c75-8000-000000000001}" compositeop="normal" opacity="255">
    <masks>
     <mask name="mask" nodetype="transparencymask" filename="mask2"
           uuid="{6d617474-6570-4c75-8000-000000000002}"/>
    </masks>
   </layer>
  </layers>
 </IMAGE>
</DOC>
"""
_PIXELS = "VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE 1\nDATA 0\n"
"""Of the mask.  Krita shows a box where they are missing, or the profile of a paint layer."""


def add(document, layer, rect, data):
    """Add a transparency mask to a layer: one byte per pixel in `rect`, nothing outside."""
    with made(document, "%s matte" % layer.name(), rect, data) as mask:
        layer.addChildNode(mask, None)
    document.refreshProjection()


@contextlib.contextmanager
def made(document, name, rect, data):
    """Make a transparency mask, which has to be added to a layer before the end of the context."""
    if hasattr(document, "createTransparencyMask"):
        mask = document.createTransparencyMask(name)
        selection = Selection()
        selection.setPixelData(QtCore.QByteArray(data), *rect)
        mask.setSelection(selection)
        yield mask
    else:
        with _Template() as mask:
            mask.setName(name)
            mask.setPixelData(QtCore.QByteArray(data), *rect)
            yield mask


class _Template:
    """A mask of a small document of our own: Krita 5.1 crashes on one made by `createNode`."""

    def __enter__(self):
        handle, self._path = tempfile.mkstemp(suffix=".kra")
        os.close(handle)
        with zipfile.ZipFile(self._path, "w") as file:
            file.writestr("mimetype", "application/x-krita")
            file.writestr("maindoc.xml", _DOCUMENT)
            file.writestr("mask/layers/mask2.pixelselection", _PIXELS)
            file.writestr("mask/layers/mask2.pixelselection.defaultpixel", b"\0")
        self._document = Krita.instance().openDocument(self._path)
        (group,) = self._document.rootNode().childNodes()
        (mask,) = group.childNodes()
        return mask.duplicate()

    def __exit__(self, *details):
        self._document.setModified(False)
        self._document.close()
        os.remove(self._path)
