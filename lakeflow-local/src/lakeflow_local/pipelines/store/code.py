"""Tells whether the code behind a dataset is what it was: hashes of its files and of the bundle's modules they use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from lakeflow_local.pipelines.model.modules import modules_below
from lakeflow_local.pipelines.model.spec import PipelineSpec


class Code:
    """The source files of one update, each hashed once."""

    def __init__(self, spec: PipelineSpec, shared_files: Iterable[str]) -> None:
        """
        Args:
            shared_files: those that change the session which the queries of all files run in: every dataset rests on
                them.
        """
        self._root = spec.root
        self._shared = frozenset(shared_files)
        self._hashes: dict[str, str] = {}
        names = [*spec.configuration.items(), ("catalog", spec.namespace.catalog), ("schema", spec.namespace.schema)]
        names += [(f":{name}", value) for name, value in spec.parameters.items()]
        self.settings = hashlib.sha256(json.dumps(sorted(names)).encode()).hexdigest()

    def hash_of(self, file: str) -> str:
        """The hash of a file's content, empty if it is gone."""
        if file not in self._hashes:
            path = Path(file)
            self._hashes[file] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return self._hashes[file]

    def of(self, files: Iterable[str]) -> dict[str, str]:
        """The hashes of a dataset's files and its views' files, of shared files, and of all modules imported by now."""
        return {file: self.hash_of(file) for file in {*files, *self._shared, *self._modules()}}

    def is_unchanged(self, remembered: dict[str, str], files: Iterable[str]) -> bool:
        """Whether all that a dataset ran through last time is the same now."""
        if not self._shared.union(files) <= set(remembered):
            return False
        return all(self.hash_of(file) == known for file, known in remembered.items())

    def _modules(self) -> list[str]:
        found = modules_below(self._root).items()
        return [
            module.__file__
            for name, module in found
            if module.__file__ and module.__file__.endswith(".py") and not name.startswith("lakeflow_source_")
        ]
