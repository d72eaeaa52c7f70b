"""The input document's dataclasses as protobuf messages, so that CEL itself checks every field path and type.

CEL over dicts checks only top-level names. Over messages its type checker refuses an unknown field with line and
column. A number that may be absent is a wrapper message: absent reads as null, comparing null is an error, never 0.

Source: CEL language definition, "Dynamic Values" and "Wrapper Types".
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2
from google.protobuf.message import Message

from govbus.risk.domain.document import Document

_PACKAGE: Final = "govbus.gate"
_BOUNDS: Final = "Bounds"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final = {
    str: _FIELD.TYPE_STRING,
    bool: _FIELD.TYPE_BOOL,
    int: _FIELD.TYPE_INT64,
    float: _FIELD.TYPE_DOUBLE,
}
_WRAPPERS: Final = {
    str: ".google.protobuf.StringValue",
    bool: ".google.protobuf.BoolValue",
    int: ".google.protobuf.Int64Value",
    float: ".google.protobuf.DoubleValue",
}


class DocumentSchema:
    """Message types of the document, and conversion of documents to them.

    `bound_names` are the named bounds: rules may write `bounds.<name>` for these and no others.
    """

    def __init__(self, bound_names: tuple[str, ...]) -> None:
        """Build the message types."""
        file = descriptor_pb2.FileDescriptorProto(
            name="govbus/gate.proto",
            package=_PACKAGE,
            syntax="proto3",
            dependency=["google/protobuf/wrappers.proto"],
        )
        self._hints: dict[type, dict[str, Any]] = {}
        self._describe(file, Document)
        _describe_bounds(file, bound_names)
        self.pool = descriptor_pool.DescriptorPool()
        wrappers = descriptor_pb2.FileDescriptorProto()
        wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
        self.pool.Add(wrappers)
        self.pool.Add(file)

    def variables(self) -> dict[str, cel.Type]:
        """Return the top-level names of rules and their types."""
        found = {}
        for name, hint in self._hints[Document].items():
            if name == "bounds":
                found[name] = cel.Type(f"{_PACKAGE}.{_BOUNDS}")
            elif get_origin(hint) is tuple:
                found[name] = cel.Type.List(cel.Type(f"{_PACKAGE}.{get_args(hint)[0].__name__}"))
            else:
                found[name] = cel.Type(f"{_PACKAGE}.{hint.__name__}")
        return found

    def activation(self, document: Document) -> dict[str, Any]:
        """Return the document as CEL reads it: message per top-level name."""
        found: dict[str, Any] = {}
        for name in self._hints[Document]:
            value = getattr(document, name)
            if name == "bounds":
                found[name] = self._bounds(value)
            elif isinstance(value, tuple):
                found[name] = [self._message(item) for item in value]
            else:
                found[name] = self._message(value)
        return found

    def _describe(self, file: Any, part: type) -> None:
        if part in self._hints:
            return
        self._hints[part] = get_type_hints(part)
        described = None if part is Document else file.message_type.add(name=part.__name__)
        for number, (name, hint) in enumerate(self._hints[part].items(), 1):
            for nested in (hint, *get_args(hint)):
                if is_dataclass(nested) and isinstance(nested, type):
                    self._describe(file, nested)
            if described is not None:
                _describe_field(described, name, number, hint)

    def _message(self, value: Any) -> Message:
        message = self._class(type(value).__name__)()
        for item in fields(value):
            _set(message, item.name, getattr(value, item.name), self._message)
        return message

    def _bounds(self, values: Mapping[str, float]) -> Message:
        message = self._class(_BOUNDS)()
        for name, value in values.items():
            getattr(message, name).value = value
        return message

    def _class(self, name: str) -> Any:
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _set(message: Any, name: str, value: Any, convert: Any) -> None:
    if value is None:
        return
    if isinstance(value, tuple):
        getattr(message, name).extend([convert(item) if is_dataclass(item) else item for item in value])
    elif isinstance(value, Mapping):
        getattr(message, name).update(value)
    elif is_dataclass(value):
        getattr(message, name).CopyFrom(convert(value))
    elif isinstance(getattr(message, name), Message):
        getattr(message, name).value = value
    else:
        setattr(message, name, value)


def _describe_field(message: Any, name: str, number: int, hint: Any) -> None:
    repeated = get_origin(hint) is tuple
    if get_origin(hint) is not None and issubclass(_origin_type(hint), Mapping):
        _describe_map(message, name, number)
        return
    optional = isinstance(hint, UnionType)
    inner = next(item for item in get_args(hint) if item is not NoneType) if repeated or optional else hint
    field = message.field.add(name=name, number=number)
    field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    if optional:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, _WRAPPERS[inner]
    elif inner in _SCALARS:
        field.type = _SCALARS[inner]
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{inner.__name__}"


def _origin_type(hint: Any) -> type:
    origin = get_origin(hint)
    return origin if isinstance(origin, type) else object


def _describe_map(message: Any, name: str, number: int) -> None:
    """Declare `map<string, string>`, which protobuf keeps as repeated entries."""
    entry_name = "".join(part.title() for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    for entry_number, part in enumerate(("key", "value"), 1):
        entry.field.add(name=part, number=entry_number, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_STRING)
    field = message.field.add(name=name, number=number, label=_FIELD.LABEL_REPEATED, type=_FIELD.TYPE_MESSAGE)
    field.type_name = f".{_PACKAGE}.{message.name}.{entry_name}"


def _describe_bounds(file: Any, names: tuple[str, ...]) -> None:
    bounds = file.message_type.add(name=_BOUNDS)
    for number, name in enumerate(names, 1):
        field = bounds.field.add(name=name, number=number, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_MESSAGE)
        field.type_name = _WRAPPERS[float]
