"""Enough of Krita to run Smart Matte without it, over PyQt5 or PyQt6 (MATTEPLUG_TEST_QT).

One document of RGB in 8 bits; its selection covers it.
"""

import enum
import importlib
import os

_QT = os.environ["MATTEPLUG_TEST_QT"]
QtCore = importlib.import_module(_QT + ".QtCore")
QtWidgets = importlib.import_module(_QT + ".QtWidgets")
WIDTH, HEIGHT = 8, 5

DockWidget = QtWidgets.QDockWidget
Extension = QtCore.QObject


class DockWidgetFactoryBase:
    class DockPosition(enum.Enum):
        DockRight = 1


class DockWidgetFactory:
    def __init__(self, name, position, make):
        self.name, self.position, self.make = name, position, make


class Selection:
    def __init__(self, data):
        self.data = data

    def pixelData(self, x, y, width, height):
        assert (x, y, width, height) == (0, 0, WIDTH, HEIGHT)
        return QtCore.QByteArray(self.data)


class ManagedColor:
    pass


class Node:
    def __init__(self, name, kind="paintlayer", data=b""):
        self._name, self._kind, self.data = name, kind, data
        self._id, self._parent, self.children = QtCore.QUuid.createUuid(), None, []

    def name(self):
        return self._name

    def type(self):
        return self._kind

    def locked(self):
        return False

    def bounds(self):
        return QtCore.QRect(0, 0, WIDTH, HEIGHT)

    def uniqueId(self):
        return self._id

    def parentNode(self):
        return self._parent

    def childNodes(self):
        return list(self.children)

    def colorModel(self):
        return "RGBA"

    def colorDepth(self):
        return "U8"

    def colorProfile(self):
        return "sRGB-elle-V2-srgbtrc.icc"

    def setColorSpace(self, model, depth, profile):
        return True

    def pixelData(self, x, y, width, height):
        return QtCore.QByteArray(self.data)

    def setPixelData(self, data, x, y, width, height):
        self.data = bytes(data)

    def addChildNode(self, node, above):
        node._parent = self
        self.children.insert(self.children.index(above) + 1 if above else 0, node)


class Document:
    def __init__(self):
        pixels = bytes((7 * i) % 256 if i % 4 < 3 else 255 for i in range(WIDTH * HEIGHT * 4))
        self.root = Node("root", "grouplayer")
        self.layer = Node("cat", data=pixels)
        self.root.addChildNode(self.layer, None)
        self.current = self.layer
        self.selected = Selection(bytes([0, 0, 90, 128, 200, 255, 255, 255]) * HEIGHT)

    def rootNode(self):
        return self.root

    def activeNode(self):
        return self.current

    def selection(self):
        return self.selected

    def createNode(self, name, kind):
        return Node(name, kind)

    def waitForDone(self):
        pass

    def refreshProjection(self):
        pass


class _Program(QtCore.QObject):
    def __init__(self):
        super().__init__()
        self.settings, self.extensions, self.factories = {}, [], []
        self.document = None

    def version(self):
        return "0.0 (fake)"

    def readSetting(self, group, name, default):
        return self.settings.get((group, name), default)

    def writeSetting(self, group, name, text):
        self.settings[group, name] = text

    def addExtension(self, extension):
        self.extensions.append(extension)

    def addDockWidgetFactory(self, factory):
        self.factories.append(factory)

    def activeDocument(self):
        return self.document

    def activeWindow(self):
        return None


class Krita:
    _program = _Program()

    @classmethod
    def instance(cls):
        return cls._program
