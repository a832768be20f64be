"""Croissant 1.0 (http://mlcommons.org/croissant/1.0): a dataset described for programs and for search engines.

The vocabulary is schema.org's Dataset with MLCommons' additions. What it says of files and columns is what indexing has read.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from hub.addresses import absolute
from models_registry.formats.card import facts
from models_registry.formats.dataset_layout import PICTURES
from models_registry.formats.licences import identify
from models_registry.models import DatasetTable, Repository

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
MOST_COLUMNS = 500
# The context that the specification fixes, word for word.
CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty", "examples":
    {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "parentField": "cr:parentField", "path": "cr:path", "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
_ENCODINGS = {
    "parquet": "application/x-parquet",
    "csv": "text/csv",
    "json": "application/json",
    "text": "text/plain",
    PICTURES: "image/*",
}
_WHOLE = "repository"
"""The @id of the repository itself, among the files."""


def describe(
    repository: Repository,
    tables: Sequence[DatasetTable],
    front_matter: dict[str, Any],
    most_columns: int = MOST_COLUMNS,
) -> dict[str, Any]:
    """The whole description. tables: its splits as far as the reader may know of them; none are needed.

    most_columns: of each split.
    """
    card = facts(front_matter)
    address = absolute(repository.get_absolute_url())
    licences = [licence_url(name) for name in card.licences or (repository.licence,) if name]
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": repository.name,
        "alternateName": [repository.full_name, *([card.title] if card.title else [])],
        "description": repository.summary or repository.full_name,
        "url": address,
        "creator": creator(repository),
        "keywords": [*card.tags, *card.languages][:50],
        "datePublished": repository.created_at.isoformat(),
        "dateModified": repository.updated_at.isoformat(),
        "isAccessibleForFree": True,
        "conditionsOfAccess": "" if not repository.gated else "Access is asked for on the dataset's page.",
        "distribution": [_repository(repository, address), *(_files(table) for table in tables)],
        "recordSet": [_records(table, most_columns) for table in tables if table.columns],
    }
    if licences:
        described["license"] = licences if len(licences) > 1 else licences[0]
    return {name: value for name, value in described.items() if value not in ("", [])}


def creator(repository: Repository) -> dict[str, str]:
    """Whose it is, as schema.org says it."""
    namespace = repository.namespace
    return {
        "@type": "Organization" if namespace.is_organization else "Person",
        "name": namespace.display_name,
        "url": absolute(f"/{namespace.name}"),
    }


def licence_url(written: str) -> str:
    """Where a licence's text stands, for one that SPDX knows; else its name as the card writes it."""
    spdx = identify(written).spdx
    return f"https://spdx.org/licenses/{quote(spdx)}.html" if spdx and " " not in spdx else written


def _repository(repository: Repository, address: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _WHOLE,
        "name": _WHOLE,
        "description": "The git repository that holds all files.",
        "contentUrl": f"{address}/tree/{quote(repository.default_branch, safe='')}",
        "encodingFormat": "git+https",
        # The specification asks for a digest, and knows none of a repository: this is what it recommends instead.
        "sha256": "https://github.com/mlcommons/croissant/issues/80",
    }


def _id_of(table: DatasetTable) -> str:
    return f"{quote(table.config, safe='')}/{quote(table.split, safe='')}"


def _files(table: DatasetTable) -> dict[str, Any]:
    paths = [path for path, _content in table.files]
    encoding = _ENCODINGS.get(table.format, "application/octet-stream")
    if table.format == "json" and all(path.removesuffix(".gz").endswith("l") for path in paths):
        encoding = "application/jsonlines"
    return {
        "@type": "cr:FileSet",
        "@id": f"files/{_id_of(table)}",
        "name": f"files/{_id_of(table)}",
        "description": f"{table.file_count} files, {table.size} bytes",
        "containedIn": {"@id": _WHOLE},
        "encodingFormat": encoding,
        "includes": paths if len(paths) == table.file_count else _pattern(paths),
    }


def _pattern(paths: Sequence[str]) -> str:
    """A pattern that the files of one split have in common, of which only the first were read."""
    folders = [PurePosixPath(path).parent.parts for path in paths]
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    endings = {"".join(PurePosixPath(path).suffixes[-1:]) for path in paths}
    ending = endings.pop() if len(endings) == 1 else ""
    return "/".join([*shared, "**" if len(set(folders)) > 1 else "", f"*{ending}"]).replace("//", "/").lstrip("/")


def _records(table: DatasetTable, most_columns: int) -> dict[str, Any]:
    count = f", {table.num_rows} rows" if table.num_rows is not None else ""
    fields = [_field(table, column) for column in table.columns[:most_columns]]
    return {
        "@type": "cr:RecordSet",
        "@id": _id_of(table),
        "name": _id_of(table),
        "description": f"{table.config}, {table.split}{count}",
        "field": fields,
    }


def _field(table: DatasetTable, column: dict[str, Any]) -> dict[str, Any]:
    name = str(column["name"])
    identity = f"{_id_of(table)}/{quote(name, safe='')}"
    is_picture = table.format == PICTURES and name == "image"
    source: dict[str, Any] = {"fileSet": {"@id": f"files/{_id_of(table)}"}}
    if is_picture:
        source["extract"] = {"fileProperty": "content"}
    elif table.format == PICTURES:  # the label is the name of the folder
        source |= {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": "([^/]+)/[^/]+$"}}
    elif table.format == "text":
        source["extract"] = {"fileProperty": "lines"}
    else:
        source["extract"] = {"column": name}
    kind = str(column.get("type", ""))
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity,
        "description": f"Column {name!r}, {kind}",
        "dataType": "sc:ImageObject" if is_picture else _type_of(kind),
        "source": source,
    }
    return field | ({"repeated": True} if kind.startswith(("list", "large_list", "fixed_size_list")) else {})


def _type_of(kind: str) -> str:
    kind = kind.removeprefix("large_list<").removeprefix("list<").removeprefix("element: ").removeprefix("item: ")
    for starts, name in (
        (("int", "uint"), "sc:Integer"), (("float", "double", "decimal", "halffloat"), "sc:Float"), (("bool",), "sc:Boolean"),
        (("date", "timestamp", "time"), "sc:Date"),
    ):  # fmt: skip
        if kind.startswith(starts):
            return name
    return "sc:Text"
